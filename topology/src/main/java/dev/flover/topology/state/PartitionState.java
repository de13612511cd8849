package dev.flover.topology.state;

import dev.flover.schemas.EndedRequest;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.ParkedRecord;
import dev.flover.schemas.StoredAttempts;
import dev.flover.schemas.StoredProgress;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.NewerFormException;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.schemas.serdes.SchemaText;
import dev.flover.schemas.serdes.StoredForm;
import dev.flover.topology.position.Position;
import dev.flover.topology.request.TokenIds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/// The durable state of one partition: requests, each written once; their progress in append-only segments; attempts,
/// ended ids and parked records.
///
/// All of it is committed in one transaction with the tokens and offsets that it belongs to. A generation that ends
/// leaves nothing but an entry among the ended ids.
///
/// The store of requests also holds the schemas of all stored forms, under keys that cannot be ids.
public final class PartitionState {
    private static final StoredForm<StoredProgress> PROGRESS = StoredForm.of(StoredProgress.class);
    private static final StoredForm<StoredAttempts> ATTEMPTS = StoredForm.of(StoredAttempts.class);
    private static final StoredForm<EndedRequest> ENDED = StoredForm.of(EndedRequest.class);
    private static final StoredForm<ParkedRecord> PARKED = StoredForm.of(ParkedRecord.class);

    private final RequestContract contract;
    private final Map<Long, String> schemas = new HashMap<>();
    private final KeyValueStore<Bytes, byte[]> requests;
    private final KeyValueStore<Bytes, byte[]> progress;
    private final KeyValueStore<Bytes, byte[]> attempts;
    private final KeyValueStore<Bytes, byte[]> ended;
    private final KeyValueStore<Bytes, byte[]> parked;

    /// @param ids        token ids of the answer so far
    /// @param model      fingerprint of the model file that computed the newest tokens; null where there are none
    /// @param arithmetic fingerprints of arithmetic in the order in which they were used
    /// @param finish     the reason why the answer ended; null while it is unfinished
    /// @param stop       the stop string that ended it, or null
    public record StoredAnswer(
            int[] ids, @Nullable String model, List<String> arithmetic, @Nullable FinishReason finish,
            @Nullable String stop) {
        public static final StoredAnswer NONE = new StoredAnswer(new int[0], null, List.of(), null, null);

        public boolean isBegun() {
            return ids.length > 0 || finish != null;
        }
    }

    public PartitionState(ProcessorContext<?, ?> context, RequestContract contract) {
        this.contract = contract;
        requests = context.getStateStore(StoreNames.REQUESTS);
        progress = context.getStateStore(StoreNames.PROGRESS);
        attempts = context.getStateStore(StoreNames.ATTEMPTS);
        ended = context.getStateStore(StoreNames.ENDED);
        parked = context.getStateStore(StoreNames.PARKED);
        try (var found = requests.range(StateKeys.firstSchema(), null)) {
            found.forEachRemaining(entry -> schemas.put(
                    StateKeys.fingerprintOf(entry.key), new String(entry.value, StandardCharsets.UTF_8)));
        }
    }

    /// Stores the schema of a stored form, unless it is stored already. To be called before the form is stored.
    private void know(SchemaText schema) {
        if (schemas.putIfAbsent(schema.fingerprint(), schema.text()) == null) {
            requests.put(StateKeys.schema(schema.fingerprint()), schema.text().getBytes(StandardCharsets.UTF_8));
        }
    }

    /// Stores a request.
    ///
    /// @param read the request with all fields of its record
    /// @return the size of the stored form in bytes
    public int putRequest(Bytes id, StoredRequest request, ReadRequest read) {
        know(contract.storedSchema());
        byte[] encoded = contract.encode(request, read);
        requests.put(id, encoded);
        return encoded.length;
    }

    /// The unfinished request under an id; null where there is none.
    ///
    /// @throws NewerFormException if a newer release stored something that this process does not know
    public @Nullable StoredRequest request(Bytes id) {
        byte[] value = requests.get(id);
        return value == null ? null : contract.decode(value, schemas::get);
    }

    /// An unfinished request with all fields of its record.
    public ReadRequest said(Bytes id) {
        return contract.said(requests.get(id), schemas::get);
    }

    /// The digest of the unfinished request under an id; null where there is none. Requests with unknown fields have
    /// one, too. Where not even the request's schema is known, the digest is empty and equals no other.
    public @Nullable ByteBuffer digest(Bytes id) {
        byte[] value = requests.get(id);
        if (value == null) {
            return null;
        }
        try {
            return (ByteBuffer) contract.decodeAsWritten(value, schemas::get).get("digest");
        } catch (NewerFormException e) {
            return ByteBuffer.allocate(0);
        }
    }

    /// @param position index in the answer of the segment's first token
    public void putProgress(Bytes id, int answer, int position, StoredProgress segment) {
        know(PROGRESS.schema());
        progress.put(StateKeys.segment(id.get(), answer, position), PROGRESS.encode(segment));
    }

    public Attempts attempts(Bytes id) {
        byte[] value = attempts.get(id);
        return value == null ? Attempts.NONE
                : Attempts.of(ATTEMPTS.decodeKnown(value, schemas::get), attempts.get(StateKeys.beside(id)));
    }

    public void putAttempts(Bytes id, Attempts value) {
        know(ATTEMPTS.schema());
        attempts.put(id, ATTEMPTS.encode(value.counts()));
        attempts.put(StateKeys.beside(id), value.encodedTries());
    }

    /// The read position: all records before it were taken in. Empty where an older release wrote the state.
    Optional<Position> position() {
        byte[] value = attempts.get(StateKeys.position());
        return value == null ? Optional.empty() : Position.decode(value);
    }

    void putPosition(Position position) {
        know(Position.schema());
        attempts.put(StateKeys.position(), position.encode());
    }

    /// Deletes the attempts of a generation, if there are any: a delete without an entry would still write a tombstone
    /// to the changelog.
    public void clearAttempts(Bytes id) {
        if (attempts.get(id) != null) {
            attempts.delete(id);
            attempts.delete(StateKeys.beside(id));
        }
    }

    /// Deletes the stored request, progress and attempts of a generation.
    public void forget(Bytes id) {
        requests.delete(id);
        clearAttempts(id);
        var segments = new ArrayList<Bytes>();
        try (var found = progress.range(StateKeys.firstSegment(id.get()), StateKeys.lastSegment(id.get()))) {
            found.forEachRemaining(segment -> segments.add(segment.key));
        }
        segments.forEach(progress::delete);
    }

    /// @throws NewerFormException if a newer release stored something that this process does not know
    public StoredAnswer[] answers(Bytes id, int count) {
        var builders = new AnswerBuilder[count];
        try (var found = progress.range(StateKeys.firstSegment(id.get()), StateKeys.lastSegment(id.get()))) {
            while (found.hasNext()) {
                var segment = found.next();
                int answer = StateKeys.answerOf(segment.key);
                if (builders[answer] == null) {
                    builders[answer] = new AnswerBuilder();
                }
                builders[answer].add(StateKeys.positionOf(segment.key), PROGRESS.decode(segment.value, schemas::get));
            }
        }
        var answers = new StoredAnswer[count];
        for (int i = 0; i < count; i++) {
            answers[i] = builders[i] == null ? StoredAnswer.NONE : builders[i].build();
        }
        return answers;
    }

    /// The ids of all unfinished requests, with the sizes of their stored forms in bytes.
    public Map<Bytes, Integer> requestSizes() {
        var sizes = new HashMap<Bytes, Integer>();
        try (var all = requests.all()) {
            while (all.hasNext()) {
                var entry = all.next();
                if (!StateKeys.isSchema(entry.key)) {
                    sizes.put(entry.key, entry.value.length);
                }
            }
        }
        return sizes;
    }

    /// The entry of an ended id; null where the id is not remembered, or its entry cannot be read.
    @Nullable EndedRequest ended(Bytes id) {
        byte[] value = ended.get(id);
        return value == null ? null : readEnded(value);
    }

    private @Nullable EndedRequest readEnded(byte[] value) {
        try {
            return ENDED.decodeKnown(value, schemas::get);
        } catch (NewerFormException e) {
            return null;
        }
    }

    void putEnded(Bytes id, EndedRequest value) {
        know(ENDED.schema());
        ended.put(id, ENDED.encode(value));
    }

    void deleteEnded(Bytes id) {
        ended.delete(id);
    }

    /// Visits all entries of ended ids that can be read.
    ///
    /// @param visitor may replace the entry that it is given
    void forEachEnded(BiConsumer<Bytes, EndedRequest> visitor) {
        try (var all = ended.all()) {
            while (all.hasNext()) {
                var entry = all.next();
                var read = readEnded(entry.value);
                if (read != null) {
                    visitor.accept(entry.key, read);
                }
            }
        }
    }

    public void park(long offset, ParkedRecord record) {
        know(PARKED.schema());
        parked.put(StateKeys.offset(offset), PARKED.encode(record));
    }

    public ParkedRecord parked(long offset) {
        return PARKED.decodeKnown(parked.get(StateKeys.offset(offset)), schemas::get);
    }

    public void unpark(long offset) {
        parked.delete(StateKeys.offset(offset));
    }

    public List<Long> parkedOffsets() {
        var offsets = new ArrayList<Long>();
        try (var all = parked.all()) {
            all.forEachRemaining(entry -> offsets.add(StateKeys.offsetOf(entry.key)));
        }
        return offsets;
    }

    /// Joins the segments of one answer, which are added in the order of their positions.
    private static final class AnswerBuilder {
        private final List<Integer> ids = new ArrayList<>();
        private final List<String> arithmetic = new ArrayList<>();
        private @Nullable String model;
        private @Nullable FinishReason finish;
        private @Nullable String stop;

        void add(int position, StoredProgress segment) {
            assert position == ids.size() : "a segment is missing before position " + position;
            ids.addAll(segment.getTokenIds());
            if (segment.getModel() != null) {
                model = segment.getModel();
            }
            if (segment.getArithmetic() != null) {
                arithmetic.add(segment.getArithmetic());
            }
            finish = segment.getFinish();
            stop = segment.getStop();
        }

        StoredAnswer build() {
            return new StoredAnswer(TokenIds.array(ids), model, List.copyOf(arithmetic), finish, stop);
        }
    }
}
