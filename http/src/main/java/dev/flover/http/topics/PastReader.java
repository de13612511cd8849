package dev.flover.http.topics;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads older records of the topics with a few consumers, which all streams share.
///
/// A stream uses a consumer for at most one batch, and never while it writes to its client.
final class PastReader implements AutoCloseable {
    private static final int CONSUMERS = 4;
    private static final int BATCH_CHUNKS = 256;
    private static final int FIRST_WINDOW = 2_000;
    private static final int GROWTH = 8;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final TopicAccess access;
    private final ChunkReading reading;
    private final Semaphore free = new Semaphore(CONSUMERS, true);
    private final Deque<KafkaConsumer<byte[], byte[]>> idle = new ArrayDeque<>();

    PastReader(TopicAccess access, ChunkReading reading) {
        this.access = access;
        this.reading = reading;
    }

    /// A part of the chunks that were asked for.
    ///
    /// @param next offset at which the next batch begins
    record Batch(List<ReadChunk> chunks, long next) {}

    /// Returns the chunks of an id with offsets in [from, to) of a partition: those of the first fetched records that
    /// have any, so that the first chunks of an old answer do not wait until the partition was read to its end.
    Batch chunks(int partition, long from, long to, String id) throws InterruptedException {
        var chunks = new ArrayList<ReadChunk>();
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        long next = scan(new TopicPartition(access.topics().tokens(), partition), from, to, record -> {
            if (Arrays.equals(record.key(), key)) {
                reading.read(record).ifPresent(chunks::add);
            }
            return chunks.size() < BATCH_CHUNKS;
        }, () -> !chunks.isEmpty());
        return new Batch(chunks, next);
    }

    /// Returns the offset at which the chunks of an id begin: the nearest one before `before` at which each of its
    /// answers is at position 0. Empty if the topic no longer has it.
    OptionalLong start(int partition, String id, long before) throws InterruptedException {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        var answers = new HashSet<Integer>();
        var begun = new HashSet<Integer>();
        var first = new long[] {Long.MAX_VALUE};
        windows(new TopicPartition(access.topics().tokens(), partition), before, record -> {
            if (Arrays.equals(record.key(), key)) {
                reading.read(record).ifPresent(read -> {
                    var chunk = read.chunk();
                    if (chunk.getRefused() == null) {
                        answers.add(chunk.getAnswer());
                        if (chunk.getPosition() == 0 && begun.add(chunk.getAnswer())) {
                            first[0] = Math.min(first[0], record.offset());
                        }
                    }
                });
            }
        }, () -> !answers.isEmpty() && begun.containsAll(answers));
        return first[0] == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(first[0]);
    }

    /// Returns the offset of the first record that a partition of the tokens topic still has.
    long beginning(int partition) throws InterruptedException {
        var tokens = new TopicPartition(access.topics().tokens(), partition);
        return bounds(tokens).beginning();
    }

    /// Tells whether the requests topic has a record of an id. Searches from the newest record backwards.
    boolean isRequested(int partition, String id) throws InterruptedException {
        byte[] key = id.getBytes(StandardCharsets.UTF_8);
        var found = new boolean[1];
        var requests = new TopicPartition(access.topics().requests(), partition);
        windows(requests, Long.MAX_VALUE,
                record -> found[0] |= record.value() != null && Arrays.equals(record.key(), key), () -> found[0]);
        return found[0];
    }

    /// Reads parts of a partition backwards, each part longer than the one before, until `enough` is true or the
    /// beginning of the partition is reached.
    private void windows(TopicPartition partition, long before, Consumer<ConsumerRecord<byte[], byte[]>> each,
            BooleanSupplier enough) throws InterruptedException {
        var bounds = bounds(partition);
        long beginning = bounds.beginning();
        long end = Math.min(before, bounds.end());
        for (long window = FIRST_WINDOW; end > beginning && !enough.getAsBoolean(); window *= GROWTH) {
            long from = Math.max(beginning, end - window);
            for (long next = from; next < end;) {
                next = scan(partition, next, end, record -> {
                    each.accept(record);
                    return true;
                }, () -> false);
            }
            end = from;
        }
    }

    private record Bounds(long beginning, long end) {}

    private Bounds bounds(TopicPartition partition) throws InterruptedException {
        var consumer = take();
        try {
            consumer.assign(List.of(partition));        // otherwise the consumer warns about each answer
            return new Bounds(Objects.requireNonNull(consumer.beginningOffsets(List.of(partition)).get(partition)),
                    Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition)));
        } catch (KafkaException e) {
            throw new UnavailableException("asking for the offsets of " + partition + " failed: " + e.getMessage(), e);
        } finally {
            giveBack(consumer);
        }
    }

    /// Takes records, and returns whether it wants the next one.
    private interface Reader {
        boolean accept(ConsumerRecord<byte[], byte[]> record);
    }

    /// @param enough whether to stop after the records that were fetched together
    /// @return the offset at which to continue: `to`, or the one after the last record that the reader took
    private long scan(TopicPartition partition, long from, long to, Reader reader, BooleanSupplier enough)
            throws InterruptedException {
        if (from >= to) {
            return to;
        }
        var consumer = take();
        try {
            consumer.assign(List.of(partition));
            consumer.seek(partition, from);
            long moved = System.nanoTime();
            for (long position = from; position < to;) {
                for (var record : consumer.poll(POLL)) {
                    if (record.offset() >= to) {
                        return to;
                    }
                    if (!reader.accept(record)) {
                        return record.offset() + 1;
                    }
                }
                long now = consumer.position(partition);
                if (enough.getAsBoolean()) {
                    return Math.min(now, to);
                }
                if (now > position) {
                    moved = System.nanoTime();
                } else if (System.nanoTime() - moved > PATIENCE.toNanos()) {
                    throw new UnavailableException("no record was read of " + partition + " within "
                            + PATIENCE.toSeconds() + " s", null);
                }
                position = now;
            }
            return to;
        } catch (KafkaException e) {
            throw new UnavailableException("reading " + partition + " failed: " + e.getMessage(), e);
        } finally {
            giveBack(consumer);
        }
    }

    private KafkaConsumer<byte[], byte[]> take() throws InterruptedException {
        if (!free.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new UnavailableException("all readers of earlier tokens are busy; try again", null);
        }
        synchronized (idle) {
            var found = idle.poll();
            if (found != null) {
                return found;
            }
        }
        try {
            return new KafkaConsumer<>(access.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException e) {
            free.release();
            throw new UnavailableException("no consumer could be created: " + e.getMessage(), e);
        }
    }

    private void giveBack(KafkaConsumer<byte[], byte[]> consumer) {
        consumer.assign(List.of());
        synchronized (idle) {
            idle.push(consumer);
        }
        free.release();
    }

    @Override
    public void close() {
        synchronized (idle) {
            idle.forEach(KafkaConsumer::close);
            idle.clear();
        }
    }
}
