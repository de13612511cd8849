package dev.flover.topology.weather;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.position.UnreadGaps;
import dev.flover.topology.position.UnreadGaps.Gap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches the cluster while Kafka Streams runs: whether partitions were added to the requests topic, whether its
/// records were deleted unread, and whether foreign members are in the consumer group. Never waits for an answer; a
/// question that fails is asked again.
public final class ClusterWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);
    private static final String GROUP = "the consumer group";
    private static final long LOOK_NANOS = Duration.ofSeconds(2).toNanos();

    private final Admin admin;
    private final String requests;
    private final String group;
    private final int partitions;
    private final UnreadGaps gaps;
    private final Standstill standstill;
    private final PipelineMetrics metrics;
    private final List<Gap> asking = new ArrayList<>();
    private @Nullable KafkaFuture<TopicDescription> topic;
    private @Nullable KafkaFuture<ConsumerGroupDescription> members;
    private @Nullable KafkaFuture<Map<TopicPartition, ListOffsetsResultInfo>> begins;
    private long askedAt;

    /// @param partitions the partition count of the requests topic that Kafka Streams knows
    public ClusterWatch(Map<String, Object> adminProperties, PipelineConfig config, int partitions, UnreadGaps gaps,
            Standstill standstill, PipelineMetrics metrics) {
        admin = Admin.create(adminProperties);
        requests = config.topics().requests();
        group = config.applicationId();
        this.partitions = partitions;
        this.gaps = gaps;
        this.standstill = standstill;
        this.metrics = metrics;
        ask();
    }

    private void ask() {
        topic = admin.describeTopics(List.of(requests)).topicNameValues().get(requests);
        members = admin.describeConsumerGroups(List.of(group)).describedGroups().get(group);
        askedAt = System.nanoTime();
    }

    /// Takes in the cluster's answers that have arrived, and asks again every two seconds. Does not wait.
    public void look() {
        answered(members).ifPresent(this::lookAt);
        lookForDeleted();
        if (isDone(topic) && isDone(members) && System.nanoTime() - askedAt > LOOK_NANOS) {
            ask();
        }
    }

    public boolean havePartitionsGrown() {
        return answered(topic).filter(found -> found.partitions().size() > partitions).isPresent();
    }

    private static boolean isDone(@Nullable KafkaFuture<?> asked) {
        return asked == null || asked.isDone();
    }

    private static <T> Optional<T> answered(@Nullable KafkaFuture<T> asked) {
        return asked != null && asked.isDone() && !asked.isCompletedExceptionally()
                ? Optional.of(asked.toCompletionStage().toCompletableFuture().join())
                : Optional.empty();
    }

    private void lookAt(ConsumerGroupDescription found) {
        GroupMembers.sentence(group, found.members()).ifPresentOrElse(
                sentence -> standstill.say(GROUP, sentence, false), () -> standstill.over(GROUP));
    }

    private void lookForDeleted() {
        if (begins == null) {
            asking.addAll(gaps.take());
            if (!asking.isEmpty()) {
                var query = new HashMap<TopicPartition, OffsetSpec>();
                asking.forEach(gap -> query.put(new TopicPartition(requests, gap.partition()), OffsetSpec.earliest()));
                begins = admin.listOffsets(query).all();
            }
        } else if (begins.isDone()) {
            answered(begins).ifPresent(found -> {
                asking.forEach(gap ->
                        say(gap, Objects.requireNonNull(
                                found.get(new TopicPartition(requests, gap.partition()))).offset()));
                asking.clear();
            });
            begins = null;
        }
    }

    /// Reports records that retention deleted before they were read. A gap also arises from transaction markers; only
    /// the part of a gap before the beginning of the log was deleted.
    private void say(Gap gap, long begin) {
        long deleted = Math.min(begin, gap.to()) - gap.from();
        if (deleted > 0) {
            metrics.deletedUnread(deleted);
            LOG.error("{} records of {}-{} from offset {} were deleted before they were read and will not be answered. "
                    + "Raise the topic's retention, or add instances", deleted, requests, gap.partition(), gap.from());
        }
    }

    @Override
    public void close() {
        standstill.forget(GROUP);
        admin.close(Duration.ZERO);
    }
}
