package dev.flover.topology.setup;

import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.position.Growth;
import dev.flover.topology.records.BoundedRecords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks the pipeline's topics before they are used, and creates missing ones where the configuration asks for it.
public final class Topics {
    private static final Logger LOG = LoggerFactory.getLogger(Topics.class);
    private static final double RETENTION_USED = 0.8;
    private static final String FOR_EVER = "-1";
    /// The most bytes of an output record that do not stem from its request.
    private static final int BESIDE_THE_REQUEST = 256 << 10;
    private static final Duration LEADERS_WITHIN = Duration.ofSeconds(15);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    private final Admin admin;
    private final TopicNames names;

    public Topics(Admin admin, TopicNames names) {
        this.admin = admin;
        this.names = names;
    }

    /// Creates missing topics, and waits until they accept records. Existing topics are not changed.
    ///
    /// @param partitions  of requests, tokens and results
    /// @param replication the number of replicas; -1 takes the broker's default
    /// @param retention   of requests, tokens, results and dead letters
    /// @throws TopicProblemException if a partition has no leader after 15 s
    public void create(int partitions, short replication, Duration retention) {
        var deleted = new HashMap<String, String>();
        deleted.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
        deleted.put(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retention.toMillis()));
        deleted.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(BoundedRecords.MAX_RECORD_BYTES));
        var compacted = new HashMap<>(deleted);
        compacted.put(TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE);
        var kept = new HashMap<>(deleted);
        kept.put(TopicConfig.RETENTION_MS_CONFIG, FOR_EVER);
        kept.put(TopicConfig.RETENTION_BYTES_CONFIG, FOR_EVER);
        var topics = new ArrayList<>(List.of(
                topic(names.requests(), partitions, replication, deleted),
                topic(names.tokens(), partitions, replication, deleted),
                topic(names.results(), partitions, replication, compacted),
                topic(names.deadLetters(), 1, replication, deleted),
                topic(names.models(), 1, replication, kept)));
        if (names.flatResults() != null) {
            topics.add(topic(names.flatResults(), partitions, replication, compacted));
        }
        var results = admin.createTopics(topics).values();
        var created = new HashSet<TopicPartition>();
        for (var topic : topics) {
            try {
                await(Objects.requireNonNull(results.get(topic.name())), "create the topic " + topic.name());
                LOG.info("created topic {}", topic.name());
                for (int i = 0; i < topic.numPartitions(); i++) {
                    created.add(new TopicPartition(topic.name(), i));
                }
            } catch (TopicExistsException e) {
                LOG.debug("topic {} exists", topic.name());
            }
        }
        awaitLeaders(created);
    }

    /// Waits until the leaders of new partitions accept records, which is some time after their topic exists. A record
    /// that an idempotent producer sends in between may be lost: its first record is rejected, the second is accepted,
    /// and from then on the first would be out of order, until its delivery times out.
    private void awaitLeaders(Set<TopicPartition> partitions) {
        long begin = System.nanoTime();
        while (!haveLeaders(partitions)) {
            if (System.nanoTime() - begin > LEADERS_WITHIN.toNanos()) {
                throw new TopicProblemException("some of their partitions have no leader that answers after "
                        + LEADERS_WITHIN.toSeconds() + " s; check that all brokers are up");
            }
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
    }

    private boolean haveLeaders(Set<TopicPartition> partitions) {
        try {
            offsets(partitions, OffsetSpec.latest());
            return true;
        } catch (UnknownTopicOrPartitionException | TimeoutException e) {      // the client retries others
            return false;
        }
    }

    private static NewTopic topic(String name, int partitions, short replication, Map<String, String> configs) {
        var topic = replication < 1
                ? new NewTopic(name, Optional.of(partitions), Optional.empty())
                : new NewTopic(name, partitions, replication);
        return topic.configs(configs);
    }

    /// The topics that do not exist.
    public Set<String> missing() {
        var missing = new TreeSet<String>();
        admin.describeTopics(names.all()).topicNameValues().forEach((topic, description) -> {
            if (existing(topic, description).isEmpty()) {
                missing.add(topic);
            }
        });
        return missing;
    }

    /// Gives the topics of tokens and results as many partitions as the requests topic has.
    ///
    /// @throws KafkaException if one of them has more, or none may be added; the pipeline then has to wait for an
    ///     operator
    void agree() {
        var described = describe();
        var sizes = new HashMap<String, Integer>();
        for (String name : List.of(names.tokens(), names.results())) {
            sizes.put(name, Objects.requireNonNull(described.get(name)).partitions().size());
        }
        int partitions = Objects.requireNonNull(described.get(names.requests())).partitions().size();
        new Growth(admin, names.requests()).grow(sizes, partitions);
    }

    /// Creates the topic by which partitions pass records on to each other, or adds partitions to it.
    void prepareForwarding(String name, int partitions) {
        String retention = config(configs(), names.requests()).get(TopicConfig.RETENTION_MS_CONFIG).value();
        var created = topic(name, partitions, (short) -1, Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                TopicConfig.RETENTION_MS_CONFIG, retention,
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(BoundedRecords.MAX_RECORD_BYTES)));
        try {
            await(admin.createTopics(List.of(created)).all(), "create the topic " + name);
        } catch (TopicExistsException e) {
            var asked = admin.describeTopics(List.of(name)).topicNameValues();
            int found = await(Objects.requireNonNull(asked.get(name)), "describe the topic "
                    + name).partitions().size();
            new Growth(admin, names.requests()).grow(Map.of(name, found), partitions);
        }
        var all = new HashSet<TopicPartition>();
        for (int partition = 0; partition < partitions; partition++) {
            all.add(new TopicPartition(name, partition));
        }
        awaitLeaders(all);
    }

    /// Checks that the topics are configured so that no record can be lost.
    ///
    /// @return the largest result in bytes
    /// @throws TopicProblemException if they are not; the message names the topic, what was expected and what was found
    int check(RequestLimits limits) {
        var described = describe();
        var configs = configs();
        var problems = problems(described, configs, limits);
        if (!problems.isEmpty()) {
            throw new TopicProblemException(problems.getFirst());
        }
        return Math.min(recordBytes(configs, names.results()), BoundedRecords.MAX_RECORD_BYTES) - BESIDE_THE_REQUEST;
    }

    /// Every reason why a pipeline would refuse the topics, which must exist; empty if it would not.
    public List<String> problems(RequestLimits limits) {
        return problems(describe(), configs(), limits);
    }

    private List<String> problems(
            Map<String, TopicDescription> described, Map<String, Config> configs, RequestLimits limits) {
        var problems = new ArrayList<String>();
        int ofModels = Objects.requireNonNull(described.get(names.models())).partitions().size();
        if (ofModels != 1) {
            problems.add("topic " + names.models() + " must have 1 partition, found " + ofModels
                    + ": the order of its records decides which group answers which requests");
        }
        requireKeptForEver(configs, names.models(), problems);
        requireDeleted(configs, names.requests(), problems);
        requireDeleted(configs, names.tokens(), problems);
        requireDeleted(configs, names.deadLetters(), problems);
        for (String name : names.all()) {
            if (!name.equals(names.requests()) && !name.equals(names.models())) {
                requireRecordSize(configs, name, limits.requestBytes() + BESIDE_THE_REQUEST, problems);
            }
        }
        return problems;
    }

    private Map<String, TopicDescription> describe() {
        var described = new LinkedHashMap<String, TopicDescription>();
        admin.describeTopics(names.all()).topicNameValues().forEach((topic, description) -> described.put(topic,
                existing(topic, description).orElseThrow(() ->
                        new TopicProblemException("topic " + topic + " does not exist; create it, or let the pipeline "
                                + "create its topics"))));
        return described;
    }

    private Map<String, Config> configs() {
        var resources = new ArrayList<ConfigResource>();
        for (String name : names.all()) {
            resources.add(new ConfigResource(ConfigResource.Type.TOPIC, name));
        }
        var configs = new HashMap<String, Config>();
        admin.describeConfigs(resources).values().forEach((resource, config) -> configs.put(
                resource.name(), await(config, "describe the configuration of the topic " + resource.name())));
        return configs;
    }

    private static Config config(Map<String, Config> configs, String topic) {
        return Objects.requireNonNull(configs.get(topic), topic);
    }

    private static void requireKeptForEver(Map<String, Config> configs, String topic, List<String> problems) {
        requireDeleted(configs, topic, problems);
        for (String limit : List.of(TopicConfig.RETENTION_MS_CONFIG, TopicConfig.RETENTION_BYTES_CONFIG)) {
            String found = config(configs, topic).get(limit).value();
            if (!found.equals(FOR_EVER)) {
                problems.add("topic " + topic + " must have " + limit + "=" + FOR_EVER + ", found "
                        + found + ": all of it is read at each start, to find the group that answers each request");
            }
        }
    }

    private static void requireDeleted(Map<String, Config> configs, String topic, List<String> problems) {
        String found = config(configs, topic).get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
        if (!found.equals(TopicConfig.CLEANUP_POLICY_DELETE)) {
            problems.add("topic " + topic + " must have cleanup.policy=" + TopicConfig.CLEANUP_POLICY_DELETE
                    + ", found " + found + ": compaction would remove records that are part of one answer");
        }
    }

    /// Requires that an output topic takes records of a size. A request's bytes may be written again: its metadata with
    /// the answer, or all of it as a dead letter.
    private static void requireRecordSize(
            Map<String, Config> configs, String topic, int needed, List<String> problems) {
        int found = recordBytes(configs, topic);
        if (found < needed) {
            problems.add("topic " + topic + " must take records of " + needed + " bytes, found "
                    + TopicConfig.MAX_MESSAGE_BYTES_CONFIG + "=" + found
                    + ": raise it, or lower the limit on requests");
        }
    }

    private static int recordBytes(Map<String, Config> configs, String topic) {
        return Integer.parseInt(config(configs, topic).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
    }

    /// Logs a warning where requests have waited unread for more than 80 % of their topic's retention, after which they
    /// are deleted, and an error where they have been deleted.
    ///
    /// @param group the consumer group whose committed offsets count
    /// @param now   wall-clock time in ms
    public void warnOfRetention(String group, long now) {
        long retentionMs = Long.parseLong(
                config(configs(), names.requests()).get(TopicConfig.RETENTION_MS_CONFIG).value());
        var read = await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata(),
                "describe the group " + group);
        read.keySet().removeIf(partition -> !partition.topic().equals(names.requests()));
        if (retentionMs < 0 || read.isEmpty()) {
            return;
        }
        long old = now - (long) (retentionMs * RETENTION_USED);
        var kept = offsets(read.keySet(), OffsetSpec.earliest());
        var ends = offsets(read.keySet(), OffsetSpec.latest());
        var recent = offsets(read.keySet(), OffsetSpec.forTimestamp(old));
        read.forEach((partition, offset) -> {
            long firstRecent = Objects.requireNonNull(recent.get(partition)).offset() < 0
                    ? Objects.requireNonNull(ends.get(partition)).offset()
                    : recent.get(partition).offset();
            if (offset.offset() < Objects.requireNonNull(kept.get(partition)).offset()) {
                LOG.error("{} requests of {} were deleted by retention before they were read",
                        kept.get(partition).offset() - offset.offset(), partition);
            } else if (offset.offset() < firstRecent) {
                LOG.warn("requests of {} have waited unread for most of the {} that the topic keeps them: raise its "
                        + "{} or add instances, or they will be deleted unread", partition,
                        Duration.ofMillis(retentionMs), TopicConfig.RETENTION_MS_CONFIG);
            }
        });
    }

    private Map<TopicPartition, ListOffsetsResultInfo> offsets(Set<TopicPartition> partitions, OffsetSpec spec) {
        var query = new HashMap<TopicPartition, OffsetSpec>();
        partitions.forEach(partition -> query.put(partition, spec));
        return await(admin.listOffsets(query).all(), "read offsets of the topics");
    }

    /// The description of a topic; empty where the topic does not exist.
    private static Optional<TopicDescription> existing(String topic, KafkaFuture<TopicDescription> description) {
        try {
            return Optional.of(await(description, "describe the topic " + topic));
        } catch (UnknownTopicOrPartitionException e) {
            return Optional.empty();
        }
    }

    /// @param what names the operation, for the error message where the broker does not allow it
    private static <T> T await(KafkaFuture<T> future, String what) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AuthorizationException) {
                throw new AuthorizationException("the broker does not allow this principal to " + what);
            }
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking the broker about the topics", e);
        }
    }
}
