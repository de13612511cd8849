package dev.flover.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flover.schemas.ModelOrder;
import dev.flover.schemas.models.Assignment;
import dev.flover.schemas.serdes.StoredForm;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells when the pipeline that answers a request has read it. A refusal of the request is committed with the request's
/// offset or earlier, and has then been passed to its subscriber.
///
/// Its thread and its clients exist from the first request that is watched, and it asks the cluster only while a
/// request is watched.
final class ReadWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadWatch.class);
    private static final StoredForm<ModelOrder> ORDER = StoredForm.of(ModelOrder.class);
    private static final byte[] ORDER_KEY = "flover".getBytes(UTF_8);
    private static final String SCHEMA = "schema";
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long FIRST_PAUSE_MS = 2;
    private static final long LAST_PAUSE_MS = 250;

    private final FloverConfig config;
    private final TokenFeed feed;
    private final Queue<Watched> watched = new ConcurrentLinkedQueue<>();
    private final Semaphore added = new Semaphore(0);
    private volatile boolean closing;
    private @Nullable Thread thread;
    private Assignment assignment = Assignment.NONE;

    /// @param model the model that the request names; null if it names none
    private record Watched(Place request, @Nullable String model, CompletableFuture<Void> isRead) {}

    ReadWatch(FloverConfig config, TokenFeed feed) {
        this.config = config;
        this.feed = feed;
    }

    /// Returns a future that completes when the request has been read. A reader that no longer waits cancels it.
    CompletableFuture<Void> watch(Place request, @Nullable String model) {
        var isRead = new CompletableFuture<Void>();
        watched.add(new Watched(request, model, isRead));
        added.release();
        start();
        return isRead;
    }

    private synchronized void start() {
        if (thread == null && !closing) {
            thread = new Thread(this::run, "flover-client-reads");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void run() {
        String end = "the client was closed";
        try (var admin = Admin.create(config.admin()); var models = models()) {
            for (long pause = FIRST_PAUSE_MS; !closing; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
                if (watched.isEmpty()) {
                    added.acquire();
                    pause = FIRST_PAUSE_MS;
                }
                look(admin, models);
                if (!watched.isEmpty() && added.tryAcquire(pause, TimeUnit.MILLISECONDS)) {
                    pause = FIRST_PAUSE_MS;
                }
                added.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            end = "it cannot be found out how far requests are read: " + e.getMessage();
        }
        synchronized (this) {
            thread = null;      // a request that is watched later starts another thread
        }
        failAll(end, null);
    }

    private void failAll(String reason, @Nullable Throwable cause) {
        for (var each = watched.poll(); each != null; each = watched.poll()) {
            each.isRead.completeExceptionally(new KafkaException(reason, cause));
        }
    }

    private void look(Admin admin, KafkaConsumer<byte[], byte[]> models) throws InterruptedException {
        try {
            watched.removeIf(each -> each.isRead.isDone());
            readOrders(models);
            var offsets = new HashMap<String, Map<TopicPartition, Long>>();
            for (var each : watched) {
                String group = assignment.groupFor(each.model);
                if (group == null) {
                    continue;       // no pipeline has started yet
                }
                if (!offsets.containsKey(group)) {
                    offsets.put(group, committed(admin, group));
                }
                var partition = new TopicPartition(config.topics().requests(), each.request.partition());
                if (offsets.get(group).getOrDefault(partition, 0L) > each.request.offset() && isPassedOn(admin, each)) {
                    each.isRead.complete(null);
                }
            }
            watched.removeIf(each -> each.isRead.isDone());
        } catch (AuthorizationException e) {
            failAll("an id that may have been used needs the permission to read " + config.topics().models()
                    + " and to describe the pipeline's group: " + e.getMessage(), e);
        } catch (KafkaException e) {
            LOG.warn("asking how far requests are read failed, and is tried again: {}", e.getMessage());
        }
    }

    /// Tells whether all records that were committed when the request had been read were passed to their subscribers.
    private boolean isPassedOn(Admin admin, Watched each) throws InterruptedException {
        int partition = each.request.partition();
        var tokens = new TopicPartition(config.topics().tokens(), partition);
        long end = get(admin.listOffsets(Map.of(tokens, OffsetSpec.latest()),
                new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)).partitionResult(tokens)).offset();
        while (feed.passedOnUpTo(partition) < end) {
            if (closing || each.isRead.isDone()) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(FIRST_PAUSE_MS);
        }
        return true;
    }

    private Map<TopicPartition, Long> committed(Admin admin, String group) throws InterruptedException {
        var offsets = new HashMap<TopicPartition, Long>();
        get(admin.listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec()))
                .partitionsToOffsetAndMetadata(group)).forEach((partition, offset) -> {
                    if (offset != null) {
                        offsets.put(partition, offset.offset());
                    }
                });
        return offsets;
    }

    private KafkaConsumer<byte[], byte[]> models() {
        var consumer = new KafkaConsumer<>(config.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var partition = new TopicPartition(config.topics().models(), 0);
        consumer.assign(List.of(partition));
        consumer.seek(partition, 0);
        return consumer;
    }

    /// Reads the models topic to its present end. Its records do not expire, so that all orders are there.
    private void readOrders(KafkaConsumer<byte[], byte[]> models) {
        var partition = new TopicPartition(config.topics().models(), 0);
        long end = Objects.requireNonNull(models.endOffsets(List.of(partition)).get(partition));
        while (!closing && models.position(partition) < end) {
            models.poll(POLL).forEach(this::apply);
        }
    }

    private void apply(ConsumerRecord<byte[], byte[]> record) {
        if (!Arrays.equals(record.key(), ORDER_KEY) || record.value() == null) {
            return;     // about partition counts, or not a pipeline's
        }
        var schema = record.headers().lastHeader(SCHEMA);
        var order = ORDER.decodeKnown(record.value(),
                fingerprint -> schema == null ? null : new String(schema.value(), UTF_8));
        if (assignment.refusal(order).isEmpty()) {
            assignment = assignment.after(order);
        }
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
        closing = true;
        added.release();
        Thread running;
        synchronized (this) {
            running = thread;
        }
        try {
            if (running != null) {
                running.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
