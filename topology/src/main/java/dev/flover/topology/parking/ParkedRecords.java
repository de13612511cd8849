package dev.flover.topology.parking;

import dev.flover.schemas.ParkedHeader;
import dev.flover.schemas.ParkedRecord;
import dev.flover.topology.config.Patience;
import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.records.RequestRecord;
import dev.flover.topology.records.SchemaName;
import dev.flover.topology.state.PartitionState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// The parked records of one partition, which wait for their schemas or until it is known which group answers, in the
/// order in which they came. They are stored in the partition's state.
///
/// Order matters only among records of one key: a parked record holds up no other key.
///
/// ```
///   offset   11  key a, schema 7 not known      waits
///            12  key b                          handled
///            13  key a, cancel or a duplicate   waits behind 11
/// ```
public final class ParkedRecords {
    private static final int TRIED_PER_TICK = 64;
    private static final long MOST_BYTES = 64L << 20;

    private final PartitionState state;
    private final TopicPartition partition;
    private final int most;
    private final TreeMap<Long, Waiting> byOffset = new TreeMap<>();
    private final Map<Bytes, Integer> byKey = new HashMap<>();
    private long bytes;

    private static final class Waiting {
        final Bytes id;
        /// The name of the record's schema.
        final SchemaName schema;
        final int size;
        /// When the record was read, ms; 0 if it was restored from the state after a start.
        final long since;
        /// Tells, by the time in ms, whether it is worth while to handle the record again; null where that depends on
        /// its schema.
        @Nullable LongPredicate news;

        Waiting(Bytes id, SchemaName schema, int size, long since, @Nullable LongPredicate news) {
            this.id = id;
            this.schema = schema;
            this.size = size;
            this.since = since;
            this.news = news;
        }
    }

    /// Handles a record that no longer has to wait.
    public interface Handling {
        /// Handles a record again.
        ///
        /// @param since when the record was read, ms
        /// @return false where the record has to wait on
        boolean handle(RequestRecord record, long since);

        /// For the record that [#handle] returned false for: tells, by the time in ms, whether it is worth while to
        /// handle it again; null where that depends on its schema.
        @Nullable LongPredicate news();
    }

    public ParkedRecords(PartitionState state, TopicPartition partition, Patience patience) {
        this.state = state;
        this.partition = partition;
        most = patience.parked();
        for (long offset : state.parkedOffsets()) {
            var record = unpacked(offset);
            add(offset, record, keyOf(record), 0, null);
        }
    }

    /// The record's key, also where it cannot be an id; empty where the record has none.
    public static Bytes keyOf(RequestRecord record) {
        return Bytes.wrap(record.key() == null ? new byte[0] : record.key());
    }

    /// The offset of the first record that is parked under a key, of which there must be one.
    public long firstOffset(Bytes id) {
        return byOffset.entrySet().stream().filter(entry -> entry.getValue().id.equals(id)).findFirst().orElseThrow()
                .getKey();
    }

    public boolean holds(Bytes id) {
        return byKey.containsKey(id);
    }

    public boolean isFull() {
        return byOffset.size() >= most || bytes >= MOST_BYTES;
    }

    public int size() {
        return byOffset.size();
    }

    /// Parks a record.
    ///
    /// @param id   the record's key
    /// @param now  when the record was read, ms
    /// @param news tells, by the time in ms, whether to try the record again; null if that depends on its schema alone
    public void park(RequestRecord record, Bytes id, long now, @Nullable LongPredicate news) {
        var headers = new ArrayList<ParkedHeader>();
        for (var header : record.headers()) {
            headers.add(new ParkedHeader(header.key(), buffer(header.value())));
        }
        state.park(record.offset(),
                new ParkedRecord(buffer(record.key()), buffer(record.value()), record.timestamp(), headers));
        add(record.offset(), record, id, now, news);
    }

    private void add(long offset, RequestRecord record, Bytes id, long now, @Nullable LongPredicate news) {
        int size = record.value() == null ? 0 : record.value().length;
        byOffset.put(offset, new Waiting(id, SchemaName.of(record), size, now, news));
        byKey.merge(id, 1, Integer::sum);
        bytes += size;
    }

    /// Handles again the records for whose schema there is news, and the records behind them under the same key; at
    /// most 64 in one call.
    ///
    /// @param now time in ms
    public void retry(long now, RequestDecoding decoding, Handling handling) {
        if (byOffset.isEmpty()) {
            return;
        }
        int tried = 0;
        var blocked = new HashSet<Bytes>();
        for (var entry : new ArrayList<>(byOffset.entrySet())) {
            var waiting = entry.getValue();
            if (blocked.contains(waiting.id)) {
                continue;
            }
            boolean due = tried < TRIED_PER_TICK && isDue(waiting, decoding, now);
            tried += due ? 1 : 0;
            if (due && handling.handle(unpacked(entry.getKey()), waiting.since)) {
                remove(entry.getKey());
            } else {
                waiting.news = due ? handling.news() : waiting.news;
                blocked.add(waiting.id);
            }
        }
    }

    private boolean isDue(Waiting waiting, RequestDecoding decoding, long now) {
        if (waiting.news != null) {
            return waiting.news.test(now);
        }
        return waiting.schema instanceof SchemaName.None || isFull() || decoding.hasNews(waiting.schema, now);
    }

    /// Removes all records parked under a key, and returns the first of them.
    public @Nullable RequestRecord remove(Bytes id) {
        RequestRecord first = null;
        for (var entry : new ArrayList<>(byOffset.entrySet())) {
            if (entry.getValue().id.equals(id)) {
                first = first == null ? unpacked(entry.getKey()) : first;
                remove(entry.getKey());
            }
        }
        return first;
    }

    private void remove(long offset) {
        var waiting = Objects.requireNonNull(byOffset.remove(offset));
        byKey.computeIfPresent(waiting.id, (id, count) -> count == 1 ? null : count - 1);
        bytes -= waiting.size;
        state.unpark(offset);
    }

    private RequestRecord unpacked(long offset) {
        return unpack(state.parked(offset), partition, offset);
    }

    static RequestRecord unpack(ParkedRecord stored, TopicPartition partition, long offset) {
        var headers = new RecordHeaders();
        for (var header : stored.getHeaders()) {
            headers.add(header.getName(), bytes(header.getValue()));
        }
        return new RequestRecord(partition.topic(), partition.partition(), offset, stored.getTimestamp(), headers,
                bytes(stored.getKey()), bytes(stored.getValue()));
    }

    /// A sentence for the operator about the first parked record and the remedy. There must be a parked record.
    public String describe(RequestDecoding decoding) {
        var first = byOffset.firstEntry();
        String key = new String(first.getValue().id.get(), StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
        return byOffset.size() + " records of " + partition + " wait for their schemas, or until their group is known, "
                + "the first at offset " + first.getKey() + " under the key '" + key + "' ("
                + reason(first.getValue(), decoding) + ")"
                + (isFull() ? "; the partition is paused until there are fewer" : "; other keys are not affected")
                + ". Restore the registry, or skip a request with: flover cancel " + key;
    }

    private static String reason(Waiting waiting, RequestDecoding decoding) {
        return waiting.news == null ? decoding.reason(waiting.schema)
                : "the schema subject or topic that it names cannot be looked up now";
    }

    private static @Nullable ByteBuffer buffer(byte @Nullable [] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    private static byte @Nullable [] bytes(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
