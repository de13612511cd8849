package dev.flover.topology.results;

import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.serdes.UndecodableRecordException;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.records.Homes;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads stored results back from the results topic, on a thread of its own, one search after the other. While no
/// broker answers, searches wait.
///
/// ```
///   find(id, time) ──► first offset of that time ──► read until the id comes, or the end
///   results ─────────► index of answers (by option) ◄── findAnswer(content)
/// ```
///
/// A search by id begins at the first record that is not older than the given time, by the partition's time index. That
/// record is at or before the result, even where a clock went back. The search ends at the end that the log had when
/// the search began, open transactions included, so that nothing committed is missed. Callers bound the number of
/// searches.
public final class ResultReader implements StoredResults, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ResultReader.class);
    private static final List<String> OTHER_CLIENTS =
            List.of("producer.", "main.consumer.", "restore.consumer.", "global.consumer.", "admin.");
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration CALL_WITHIN = Duration.ofSeconds(15);
    private static final long FIRST_RETRY_MS = 100;
    private static final long LAST_RETRY_MS = 5_000;
    /// For how long a search that an open transaction holds up may go on before other searches get their turn.
    private static final long TURN_NANOS = 2_000_000_000;
    private static final int MOST_MISSED = 256;

    private final String topic;
    private final Map<String, String> kafka;
    private final Deserializer<GenerationResult> decoding;
    private final AnswerIndex index;
    private final boolean indexes;
    private final BlockingDeque<Search> wanted = new LinkedBlockingDeque<>();
    /// Searches that found no result. Other groups are looked up for all of them together.
    private final List<Wanted> missed = new ArrayList<>();
    private final PipelineConfig config;
    private final Thread thread = Thread.ofPlatform().daemon().name("flover-results").unstarted(this::run);
    private volatile boolean closed;
    private volatile @Nullable Homes homes;

    /// The search for a request's result.
    ///
    /// @param writtenAt  timestamp in ms of the result, or an earlier time
    /// @param partitions the partitions that may have the result and were not searched yet
    /// @param others     the groups that may have the request still to answer; null where no group has to be looked up
    /// @param found      completed with the outcome
    private record Wanted(Bytes id, long writtenAt, Deque<Integer> partitions, @Nullable Others others,
            CompletableFuture<Found> found) implements Search {
        @Override
        public void giveUp() {
            found.complete(new Found.Nothing());
        }

        /// @param read empty where the record cannot be decoded
        void end(Optional<StoredResult> read) {
            found.complete(read.<Found>map(Found.Written::new).orElseGet(Found.Nothing::new));
        }
    }

    /// The search for the answer to an equal request.
    private record WantedAnswer(ByteBuffer content, CompletableFuture<Optional<StoredResult>> found)
            implements Search {
        @Override
        public void giveUp() {
            found.complete(Optional.empty());
        }
    }

    /// An entry that wakes the reader's thread, so that it sees that the reader was closed.
    private record Nudge() implements Search {
        @Override
        public void giveUp() {}
    }

    private sealed interface Search {
        void giveUp();
    }

    /// The groups that may have a request still to answer.
    ///
    /// @param partition the request's partition
    /// @param groups    each group with the offset of the partition up to which requests are its own
    private record Others(int partition, Map<String, Long> groups) {}

    /// The consumers of the reader.
    ///
    /// @param ends      looks up the end of a log, and offsets in its time index
    /// @param committed reads single results
    /// @param all       reads all results for the index
    private record Readers(Consumer<byte[], byte[]> ends, Consumer<byte[], byte[]> committed,
            Consumer<byte[], byte[]> all) implements AutoCloseable {
        @Override
        public void close() {
            ends.close();
            committed.close();
            all.close();
        }
    }

    /// @param decoding decodes results; used by the reader's thread alone; may ask the registry
    public ResultReader(PipelineConfig config, Deserializer<GenerationResult> decoding) {
        this.config = config;
        topic = config.topics().results();
        kafka = config.kafka();
        this.decoding = decoding;
        indexes = config.remembering().answers() > 0;
        index = new AnswerIndex(config.remembering().answers());
    }

    /// Sets which partitions may have a result; used by all later searches.
    public void lookIn(Homes partitions) {
        homes = partitions;
    }

    public void start() {
        thread.start();
    }

    @Override
    public CompletableFuture<Found> find(Bytes id, long writtenAt) {
        return find(id, writtenAt, null);
    }

    @Override
    public CompletableFuture<Found> findOrOwed(Bytes id, long writtenAt, int partition, Map<String, Long> groups) {
        return find(id, writtenAt, groups.isEmpty() ? null : new Others(partition, groups));
    }

    private CompletableFuture<Found> find(Bytes id, long writtenAt, @Nullable Others others) {
        var search = new Wanted(
                id, writtenAt, new ArrayDeque<>(homes().ofResult(id)), others, new CompletableFuture<>());
        wanted.add(search);
        return search.found();
    }

    @Override
    public boolean mayAnswer(ByteBuffer content) {
        return indexes && index.find(content) != null;
    }

    @Override
    public CompletableFuture<Optional<StoredResult>> findAnswer(ByteBuffer content) {
        var search = new WantedAnswer(content, new CompletableFuture<>());
        wanted.add(search);
        return search.found();
    }

    @Override
    public void forget(Bytes id) {
        index.forget(id);
    }

    private void run() {
        long pause = FIRST_RETRY_MS;
        while (!closed) {
            try {
                awaitWork();
                if (closed) {
                    return;
                }
                try (var readers = open()) {
                    while (!closed) {
                        turn(readers);
                        pause = FIRST_RETRY_MS;
                    }
                }
            } catch (AuthorizationException e) {
                LOG.warn("{}; ended requests that are sent again are computed again, until the pipeline may read {} "
                        + "(docs/operate/security.md lists the permissions that it needs)", e.getMessage(), topic);
                giveUp();
            } catch (KafkaException e) {
                LOG.warn("waiting for results of requests that were sent again: {}", e.getMessage());
                pause = Math.min(2 * pause, LAST_RETRY_MS);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pause));
            } catch (InterruptedException e) {
                throw new AssertionError("nobody interrupts this thread", e);
            }
        }
    }

    /// Waits for the first search before consumers are created, so that a pipeline whose clients never repeat a request
    /// opens no connection. Does not wait where results are indexed.
    private void awaitWork() throws InterruptedException {
        if (!indexes && missed.isEmpty()) {
            wanted.putFirst(wanted.takeFirst());
        }
    }

    private void giveUp() {
        for (var search = wanted.poll(); search != null; search = wanted.poll()) {
            search.giveUp();
        }
        missed.forEach(Wanted::giveUp);
        missed.clear();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LAST_RETRY_MS));
    }

    private Readers open() {
        var readers = new Readers(
                consumer("read_uncommitted"), consumer("read_committed"), consumer("read_committed"));
        if (indexes) {
            var partitions = readers.all().partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition())).toList();
            readers.all().assign(partitions);
            readers.all().seekToBeginning(partitions);
        }
        return readers;
    }

    private Consumer<byte[], byte[]> consumer(String isolation) {
        var properties = new HashMap<String, Object>(kafka);
        properties.keySet().removeIf(name -> OTHER_CLIENTS.stream().anyMatch(name::startsWith));
        properties.putAll(Map.of("isolation.level", isolation, "enable.auto.commit", false, "auto.offset.reset",
                "earliest", "allow.auto.create.topics", false, "fetch.max.wait.ms", (int) POLL.toMillis(),
                "default.api.timeout.ms", (int) CALL_WITHIN.toMillis(), "request.timeout.ms", 5_000));
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private void turn(Readers readers) throws InterruptedException {
        if (indexes) {
            readOn(readers, wanted.isEmpty() ? POLL : Duration.ZERO);
        } else if (wanted.isEmpty()) {
            awaitWork();
        }
        var search = wanted.peek();
        if (!missed.isEmpty() && (search == null || missed.size() >= MOST_MISSED)) {
            askOthers();
        } else if (search != null && !closed) {
            boolean over = switch (search) {
                case Wanted result -> find(readers, result);
                case WantedAnswer answer -> findAnswer(readers, answer);
                case Nudge nudge -> true;
            };
            wanted.removeFirst();
            if (!over) {
                wanted.addLast(search);
            }
        }
    }

    private void readOn(Readers readers, Duration wait) {
        for (var record : readers.all().poll(wait)) {
            if (record.key() == null) {
                continue;
            }
            var id = Bytes.wrap(record.key());
            var content = record.value() == null ? null : record.headers().lastHeader(StoredResult.CONTENT);
            if (content == null) {
                index.forget(id);
            } else {
                index.add(ByteBuffer.wrap(content.value()),
                        new AnswerIndex.Place(new TopicPartition(topic, record.partition()), record.offset(), id));
            }
        }
    }

    /// Searches for the result of a request in the next of its partitions. Results of other searches that it comes
    /// across end these, too: where many requests are repeated together, as the lines of a batch job are, their results
    /// lie near each other.
    ///
    /// @return whether the search is over
    private boolean find(Readers readers, Wanted search) {
        byte[] key = search.id().get();
        var partition = new TopicPartition(topic, search.partitions().peek());
        long end = end(readers, partition);
        var first = readers.ends().offsetsForTimes(Map.of(partition, search.writtenAt())).get(partition);
        if (first == null) {
            return isNowhereElse(search);
        }
        var reader = readers.committed();
        reader.assign(List.of(partition));
        reader.seek(partition, first.offset());
        var others = searchesIn(partition.partition(), search);
        long moved = System.nanoTime();
        for (long at = first.offset(); at < end && !closed; ) {
            for (var record : reader.poll(POLL)) {
                if (record.value() != null && Arrays.equals(record.key(), key)) {
                    search.end(decoded(record));        // has no effect at a second record of the id
                } else if (record.value() != null && record.key() != null) {
                    endOther(others, record);
                }
            }
            if (search.found().isDone()) {
                return true;
            }
            long now = System.nanoTime();
            long position = reader.position(partition);
            moved = position > at ? now : moved;
            at = position;
            if (now - moved > TURN_NANOS) {
                return false;
            }
        }
        return !closed && isNowhereElse(search);
    }

    /// Returns the waiting searches, except one, whose next partition to search is the given one.
    private Map<Bytes, Wanted> searchesIn(int partition, Wanted except) {
        var searches = new HashMap<Bytes, Wanted>();
        for (var each : wanted) {
            if (each instanceof Wanted other && other != except && other.partitions().peek() == partition) {
                searches.putIfAbsent(other.id(), other);
            }
        }
        return searches;
    }

    /// Ends the search for a record that was read, if there is one and the record is not too old for it.
    private void endOther(Map<Bytes, Wanted> searches, ConsumerRecord<byte[], byte[]> record) {
        var other = searches.get(Bytes.wrap(record.key()));
        if (other != null && record.timestamp() >= other.writtenAt()) {
            searches.remove(other.id());
            wanted.remove(other);
            other.end(decoded(record));
        }
    }

    private boolean isNowhereElse(Wanted search) {
        search.partitions().remove();
        if (!search.partitions().isEmpty()) {
            return false;
        }
        if (search.others() == null) {
            search.giveUp();
        } else {
            missed.add(search);
        }
        return true;
    }

    private Homes homes() {
        return Objects.requireNonNull(homes, "the partitions of results are not known yet");
    }

    /// Looks up whether other groups have still to answer the requests without a result. Where none has, the result is
    /// searched for once more, because it may have been written since.
    private void askOthers() {
        var groups = new OtherGroups(config);
        for (var search : List.copyOf(missed)) {
            var others = Objects.requireNonNull(search.others());
            if (groups.owe(search.id(), others.partition(), others.groups())) {
                search.found().complete(new Found.Owed());
            } else {
                wanted.add(new Wanted(search.id(), search.writtenAt(),
                        new ArrayDeque<>(homes().ofResult(search.id())), null, search.found()));
            }
            missed.remove(search);
        }
    }

    private boolean findAnswer(Readers readers, WantedAnswer search) {
        var place = index.find(search.content());
        if (place != null && hasReadAll(readers, place.partition())) {
            place = index.find(search.content());       // the records just read may have removed it
        } else {
            place = null;
        }
        if (place == null) {
            return search.found().complete(Optional.empty());
        }
        var reader = readers.committed();
        reader.assign(List.of(place.partition()));
        reader.seek(place.partition(), place.offset());
        long begin = System.nanoTime();
        var records = reader.poll(POLL);
        while (records.isEmpty() && !closed && System.nanoTime() - begin < CALL_WITHIN.toNanos()) {
            records = reader.poll(POLL);
        }
        for (var record : records) {
            if (record.offset() == place.offset() && record.value() != null) {
                return search.found().complete(decoded(record));
            }
        }
        return !closed && search.found().complete(Optional.empty());
    }

    /// Reads on until the index holds all results that were committed before the call; false where an open transaction
    /// prevents that. An order to forget an answer must not be missed.
    private boolean hasReadAll(Readers readers, TopicPartition partition) {
        long end = end(readers, partition);
        long begin = System.nanoTime();
        while (readers.all().position(partition) < end && System.nanoTime() - begin < TURN_NANOS) {
            readOn(readers, POLL);
        }
        return readers.all().position(partition) >= end;
    }

    private static long end(Readers readers, TopicPartition partition) {
        return Objects.requireNonNull(readers.ends().endOffsets(List.of(partition)).get(partition));
    }

    private Optional<StoredResult> decoded(ConsumerRecord<byte[], byte[]> record) {
        try {
            return Optional.of(new StoredResult(
                    record.value(), record.headers(), decoding.deserialize(topic, record.value())));
        } catch (UndecodableRecordException e) {
            LOG.warn("a result on {} cannot be given again: {}", topic, e.getMessage());
            return Optional.empty();
        }
    }

    /// Ends the thread at its next poll. The thread is not interrupted, because Kafka's consumers report an interrupt
    /// as an error.
    @Override
    public void close() {
        closed = true;
        wanted.add(new Nudge());
    }
}
