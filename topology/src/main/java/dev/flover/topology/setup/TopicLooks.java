package dev.flover.topology.setup;

import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.records.BoundedRecords;
import dev.flover.topology.request.ForeignTopics.Found;
import dev.flover.topology.request.ForeignTopics.Place;
import dev.flover.topology.request.Inquiries.Outcome;
import dev.flover.topology.streams.OtherTopics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks up topics that requests name, on a thread of its own, and finds out whether a record can be written to them
/// now.
public final class TopicLooks implements OtherTopics, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicLooks.class);
    /// The size in bytes of a batch with one record, without the record's value.
    private static final int BESIDE_THE_VALUE = 2048;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(2);
    private static final int BROKERS_DEFAULT = 1_048_588;

    private final Map<String, Object> properties;
    private final PipelineMetrics metrics;
    private final ExecutorService background = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("flover-topics").factory());
    private @Nullable Admin admin;

    /// @param properties the properties of an admin client, which is created when the first topic is looked up
    public TopicLooks(Map<String, Object> properties, PipelineMetrics metrics) {
        this.properties = properties;
        this.metrics = metrics;
    }

    /// The thread on which [#look] may be called.
    public Executor background() {
        return background;
    }

    @Override
    public @Nullable String problem(String topic, @Nullable Integer partition) {
        try {
            return switch (look(topic)) {
                case Outcome.Known<Found>(Found found) -> found.problem(new Place(topic, partition), 0);
                case Outcome.Missing<Found>(String reason) -> reason;
                case Outcome.Refused<Found>(String reason) -> reason;
            };
        } catch (KafkaException e) {        // the cluster does not answer, which is no fault of the topic
            return null;
        }
    }

    @Override
    public void lost(String topic, String reason) {
        LOG.warn("a record for the topic {} of another application was put on the dead letters: {}", topic, reason);
        metrics.deadLetter();
    }

    /// The size of a topic and of its records. Waits for the cluster.
    ///
    /// @throws KafkaException if the cluster does not answer
    public Outcome<Found> look(String topic) {
        try {
            var description = await(admin().describeTopics(List.of(topic),
                    new DescribeTopicsOptions().includeAuthorizedOperations(true)).topicNameValues().get(topic));
            return look(description);
        } catch (UnknownTopicOrPartitionException e) {
            return new Outcome.Missing<>("'" + topic + "' does not exist");
        } catch (InvalidTopicException e) {
            return new Outcome.Refused<>("'" + topic + "' is not a valid name of a topic");
        } catch (AuthorizationException e) {
            return new Outcome.Refused<>("'" + topic + "' may not be described by the pipeline: grant it Describe and "
                    + "Write");
        }
    }

    private Outcome<Found> look(TopicDescription description) {
        String topic = description.name();
        if (description.isInternal()) {
            return new Outcome.Refused<>("'" + topic + "' is internal to Kafka");
        }
        var operations = description.authorizedOperations();
        if (operations != null && !operations.contains(AclOperation.WRITE)) {
            return new Outcome.Refused<>("'" + topic + "' may not be written by the pipeline: grant it Write");
        }
        var config = config(topic);
        int inSync = config == null ? 1 : number(config, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, 1);
        for (var partition : description.partitions()) {
            if (partition.leader() == null || partition.leader().isEmpty() || partition.isr().size() < inSync) {
                return new Outcome.Missing<>("'" + topic + "' cannot be written now: partition "
                        + partition.partition() + " has no leader, or too few replicas in sync");
            }
        }
        int most = config == null ? BROKERS_DEFAULT : number(config, TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                BROKERS_DEFAULT);
        return new Outcome.Known<>(new Found(Math.min(most, BoundedRecords.MAX_RECORD_BYTES) - BESIDE_THE_VALUE,
                description.partitions().size()));
    }

    /// The topic's configuration; null where the pipeline may not read it.
    private @Nullable Config config(String topic) {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try {
            return await(admin().describeConfigs(List.of(resource)).values().get(resource));
        } catch (AuthorizationException e) {
            return null;
        }
    }

    private static int number(Config config, String name, int otherwise) {
        var entry = config.get(name);
        return entry == null || entry.value() == null ? otherwise : Integer.parseInt(entry.value());
    }

    private synchronized Admin admin() {
        if (admin == null) {
            admin = Admin.create(properties);
        }
        return admin;
    }

    private static <T> T await(@Nullable KafkaFuture<T> future) {
        try {
            return Objects.requireNonNull(future, "the client leaves out what it was asked for").get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while a topic was described", e);
        }
    }

    @Override
    public void close() {
        background.shutdownNow();
        background.close();
        if (admin != null) {
            admin.close(CLOSE_WITHIN);
        }
    }
}
