package dev.flover.http.topics;

import dev.flover.topology.models.Orders;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Observes every second which group answers for which model, and how many requests are unread.
final class ClusterWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);
    private static final long PAUSE_MS = 1_000;

    private final TopicAccess access;
    private final Admin admin;
    private final CountDownLatch closing;
    private final Thread thread;
    private volatile ClusterView view = new ClusterView(null, 0, "nothing has been read yet");

    private ClusterWatch(TopicAccess access, CountDownLatch closing) {
        this.access = access;
        this.closing = closing;
        admin = Admin.create(access.admin());
        thread = Thread.ofPlatform().name("flover-http-cluster").daemon().unstarted(this::run);
    }

    static ClusterWatch start(TopicAccess access, CountDownLatch closing) {
        var watch = new ClusterWatch(access, closing);
        watch.thread.start();
        return watch;
    }

    public ClusterView view() {
        return view;
    }

    private void run() {
        Orders orders = null;
        try {
            do {
                try {
                    if (orders == null) {
                        orders = new Orders(access.consumerProperties(), access.topics().models(),
                                access.topics().requests(), closing);
                    }
                    look(orders);
                } catch (KafkaException | IllegalStateException e) {
                    LOG.info("the cluster does not answer: {}", e.getMessage());
                    view = new ClusterView(view.assignment(), view.lag(), e.getMessage());
                }
            } while (!closing.await(PAUSE_MS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (orders != null) {
                orders.close();
            }
        }
    }

    private void look(Orders orders) throws InterruptedException {
        var assignment = orders.registrations().latest();
        var partitions = partitions();
        var ends = ends(partitions, IsolationLevel.READ_UNCOMMITTED);
        long lag = 0;
        for (String group : new HashSet<>(assignment.groups())) {
            var read = committed(group);
            long unread = 0;
            for (var end : ends.entrySet()) {
                var offset = read.get(end.getKey());
                unread += offset == null ? 0 : Math.max(0, end.getValue() - offset);
            }
            lag = Math.max(lag, unread);
        }
        view = new ClusterView(assignment, lag, null);
    }

    private Set<TopicPartition> partitions() throws InterruptedException {
        String topic = access.topics().requests();
        var partitions = new HashSet<TopicPartition>();
        get(Objects.requireNonNull(admin.describeTopics(Set.of(topic)).topicNameValues().get(topic))).partitions()
                .forEach(each -> partitions.add(new TopicPartition(topic, each.partition())));
        return partitions;
    }

    private Map<TopicPartition, Long> ends(Set<TopicPartition> partitions, IsolationLevel isolation)
            throws InterruptedException {
        var asked = new HashMap<TopicPartition, OffsetSpec>();
        partitions.forEach(partition -> asked.put(partition, OffsetSpec.latest()));
        var ends = new HashMap<TopicPartition, Long>();
        get(admin.listOffsets(asked, new ListOffsetsOptions(isolation)).all())
                .forEach((partition, end) -> ends.put(partition, end.offset()));
        return ends;
    }

    private Map<TopicPartition, Long> committed(String group) throws InterruptedException {
        var offsets = new HashMap<TopicPartition, Long>();
        get(admin.listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec()))
                .partitionsToOffsetAndMetadata(group)).forEach((partition, offset) -> {
                    if (offset != null) {
                        offsets.put(partition, offset.offset());
                    }
                });
        return offsets;
    }

    /// Tells whether the group that answers for a model has read a request and committed that.
    boolean isRead(@Nullable String model, Place request) throws InterruptedException {
        var assignment = view.assignment();
        String group = assignment == null ? null : assignment.groupFor(model);
        if (group == null) {
            return false;
        }
        var offset = committed(group).get(new TopicPartition(access.topics().requests(), request.partition()));
        return offset != null && offset > request.offset();
    }

    /// Returns the offset up to which a partition of the tokens topic is committed.
    long endOfTokens(int partition) throws InterruptedException {
        var tokens = new TopicPartition(access.topics().tokens(), partition);
        return Objects.requireNonNull(ends(Set.of(tokens), IsolationLevel.READ_COMMITTED).get(tokens));
    }

    private static <T> T get(KafkaFuture<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
        }
    }

    @Override
    public void close() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        admin.close();
    }
}
