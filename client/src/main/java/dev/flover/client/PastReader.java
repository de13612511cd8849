package dev.flover.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/// Reads older records of the topics with two consumers, which all answers share. A reader uses a consumer for one
/// batch, and never while it waits for its user. Thread-safe.
final class PastReader implements AutoCloseable {
    private static final int CONSUMERS = 2;
    private static final int BATCH_CHUNKS = 256;
    private static final int FIRST_WINDOW = 2_000;
    private static final int GROWTH = 8;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final FloverConfig config;
    private final ChunkDecoder decoder;
    private final Semaphore free = new Semaphore(CONSUMERS, true);
    private final Deque<KafkaConsumer<byte[], byte[]>> idle = new ArrayDeque<>();
    private boolean closed;

    PastReader(FloverConfig config, ChunkDecoder decoder) {
        this.config = config;
        this.decoder = decoder;
    }

    /// A part of the chunks that were asked for.
    ///
    /// @param next offset at which the next batch begins
    record Batch(List<ReadChunk> chunks, long next) {}

    /// Returns the chunks of an id with offsets in [from, to) of a partition, at most one batch of them.
    ///
    /// @throws GenerationException.Unavailable if they cannot be read
    Batch chunks(int partition, long from, long to, String id) throws InterruptedException {
        var chunks = new ArrayList<ReadChunk>();
        byte[] key = id.getBytes(UTF_8);
        try {
            long next = scan(new TopicPartition(config.topics().tokens(), partition), from, to, record -> {
                if (Arrays.equals(record.key(), key)) {
                    decoder.decode(record).ifPresent(chunks::add);
                }
                return chunks.size() < BATCH_CHUNKS;
            });
            return new Batch(chunks, next);
        } catch (KafkaException e) {
            throw unavailable(id, e);
        }
    }

    /// Returns the offset up to which a partition of the tokens topic is committed.
    ///
    /// @throws GenerationException.Unavailable if the broker does not tell
    long end(int partition, String id) throws InterruptedException {
        try {
            return bounds(new TopicPartition(config.topics().tokens(), partition)).end();
        } catch (KafkaException e) {
            throw unavailable(id, e);
        }
    }

    /// Returns the nearest offset before `before` from which on the chunks of an id contain each of its answers from a
    /// position on; empty if the partition has no chunk of that id.
    ///
    /// @throws GenerationException.LostBeginning if the partition has only chunks after that position
    /// @throws GenerationException.Unavailable   if the partition cannot be read
    OptionalLong start(int partition, String id, long before, int position) throws InterruptedException {
        var search = new Search(position);
        byte[] key = id.getBytes(UTF_8);
        try {
            windows(new TopicPartition(config.topics().tokens(), partition), before, record -> {
                if (Arrays.equals(record.key(), key)) {
                    decoder.decode(record).ifPresent(search::look);
                }
            }, search::isFound);
        } catch (KafkaException e) {
            throw unavailable(id, e);
        }
        if (search.answers.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!search.isFound()) {
            throw new GenerationException.LostBeginning(id, "the tokens topic has no record of the answer to " + id
                    + " at position " + position + " any more, only later ones; sending the same request again under "
                    + "the same id brings the whole answer again");
        }
        return OptionalLong.of(search.offset);
    }

    /// The search for the beginning of an id's chunks, from the newest ones backwards.
    private static final class Search {
        private final int position;
        private final Set<Integer> answers = new HashSet<>();
        private final Set<Integer> begun = new HashSet<>();
        private long offset = Long.MAX_VALUE;

        Search(int position) {
            this.position = position;
        }

        void look(ReadChunk read) {
            if (read.chunk().getRefused() != null) {
                return;
            }
            answers.add(read.chunk().getAnswer());
            if (read.chunk().getPosition() <= position && begun.add(read.chunk().getAnswer())) {
                offset = Math.min(offset, read.offset());
            }
        }

        boolean isFound() {
            return !answers.isEmpty() && begun.containsAll(answers);
        }
    }

    /// Tells whether a partition of the requests topic has a request of an id. Searches from the newest record
    /// backwards.
    boolean isRequested(int partition, String id) throws InterruptedException {
        byte[] key = id.getBytes(UTF_8);
        var found = new boolean[1];
        try {
            windows(new TopicPartition(config.topics().requests(), partition), Long.MAX_VALUE,
                    record -> found[0] |= record.value() != null && Arrays.equals(record.key(), key), () -> found[0]);
        } catch (KafkaException e) {
            throw unavailable(id, e);
        }
        return found[0];
    }

    private static GenerationException unavailable(String id, KafkaException cause) {
        return new GenerationException.Unavailable(id, "earlier records of " + id + " cannot be read: "
                + cause.getMessage(), cause);
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
            scan(partition, from, end, record -> {
                each.accept(record);
                return true;
            });
            end = from;
        }
    }

    private record Bounds(long beginning, long end) {}

    private Bounds bounds(TopicPartition partition) throws InterruptedException {
        var consumer = take();
        try {
            return new Bounds(Objects.requireNonNull(consumer.beginningOffsets(List.of(partition)).get(partition)),
                    Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition)));
        } finally {
            giveBack(consumer);
        }
    }

    /// @param wantsMore takes a record, and tells whether it wants the next one
    /// @return the offset at which to continue: `to`, or the one after the last record that was wanted
    private long scan(TopicPartition partition, long from, long to,
            Predicate<ConsumerRecord<byte[], byte[]>> wantsMore) throws InterruptedException {
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
                    if (!wantsMore.test(record)) {
                        return record.offset() + 1;
                    }
                }
                long now = consumer.position(partition);
                if (now > position) {
                    moved = System.nanoTime();
                } else if (System.nanoTime() - moved > PATIENCE.toNanos()) {
                    throw new KafkaException("no record of " + partition + " was read within " + PATIENCE.toSeconds()
                            + " s");
                }
                position = now;
            }
            return to;
        } finally {
            giveBack(consumer);
        }
    }

    private KafkaConsumer<byte[], byte[]> take() throws InterruptedException {
        if (!free.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new KafkaException("all readers of earlier tokens are busy");
        }
        try {
            synchronized (idle) {
                if (closed) {
                    throw new KafkaException("the client was closed");
                }
                if (!idle.isEmpty()) {
                    return idle.pop();
                }
            }
            return new KafkaConsumer<>(config.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException e) {
            free.release();
            throw e;
        }
    }

    private void giveBack(KafkaConsumer<byte[], byte[]> consumer) {
        synchronized (idle) {
            if (closed) {
                consumer.close();
            } else {
                consumer.assign(List.of());
                idle.push(consumer);
            }
        }
        free.release();
    }

    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
            idle.forEach(KafkaConsumer::close);
            idle.clear();
        }
    }
}
