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
import dev.flover.topology.request.RequestPlan;
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

/// The durable side of one partition: requests written once, progress in append-only segments, and small marks.
///
/// All of it is committed with the tokens and offsets that it belongs to. A generation that ends leaves nothing but its
/// entry among the ended.
///
/// Among the requests lie the schemas that anything here was written with, under keys that are no ids.
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

    /// The stored progress of one answer, its segments joined.
    ///
    /// @param ids        tokens of the answer so far
    /// @param model      fingerprint of the model file that its newest tokens come from; null where there are none
    /// @param arithmetic fingerprints of arithmetic in the order in which they were used
    /// @param finish     null while the answer is unfinished
    public record StoredAnswer(
            int[] ids, String model, List<String> arithmetic, FinishReason finish, String stop) {
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

    /// Stores the schema of a record that is about to be stored, once.
    private void know(SchemaText schema) {
        if (schemas.putIfAbsent(schema.fingerprint(), schema.text()) == null) {
            requests.put(StateKeys.schema(schema.fingerprint()), schema.text().getBytes(StandardCharsets.UTF_8));
        }
    }

    /// @param read the request with all fields of its record
    /// @return bytes of the stored form
    public int putRequest(Bytes id, StoredRequest request, ReadRequest read) {
        know(contract.storedSchema());
        byte[] encoded = contract.encode(request, read);
        requests.put(id, encoded);
        return encoded.length;
    }

    /// Null where the id is not that of an unfinished request.
    ///
    /// @throws NewerFormException if it says something that this process does not know
    public StoredRequest request(Bytes id) {
        byte[] value = requests.get(id);
        return value == null ? null : contract.decode(value, schemas::get);
    }

    /// An unfinished request with all fields of its record.
    public ReadRequest said(Bytes id) {
        return contract.said(requests.get(id), schemas::get);
    }

    /// Digest of the unfinished request under an id; null where there is none. Also of a request with unknown fields;
    /// an empty digest, which equals no other, where not even its schema is known.
    public ByteBuffer digest(Bytes id) {
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

    /// Appends a segment, or replaces the newest one by a longer one.
    ///
    /// @param position of the segment's first token
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

    /// Position up to which records were taken in; empty where an older release wrote the state.
    Optional<Position> position() {
        byte[] value = attempts.get(StateKeys.position());
        return value == null ? Optional.empty() : Position.decode(value);
    }

    void putPosition(Position position) {
        know(Position.schema());
        attempts.put(StateKeys.position(), position.encode());
    }

    /// Deletes only where there is an entry: a delete without one would still write a tombstone to the changelog.
    public void clearAttempts(Bytes id) {
        if (attempts.get(id) != null) {
            attempts.delete(id);
            attempts.delete(StateKeys.beside(id));
        }
    }

    /// Deletes all that is stored of a generation.
    public void forget(Bytes id) {
        requests.delete(id);
        clearAttempts(id);
        var segments = new ArrayList<Bytes>();
        try (var found = progress.range(StateKeys.firstSegment(id.get()), StateKeys.lastSegment(id.get()))) {
            found.forEachRemaining(segment -> segments.add(segment.key));
        }
        segments.forEach(progress::delete);
    }

    /// The stored progress of a request's answers, by index.
    ///
    /// @throws NewerFormException if there is something that this process does not know
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

    /// Ids of all unfinished requests, with the sizes of their stored forms.
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

    /// Null where the id is not remembered, or its entry cannot be read.
    EndedRequest ended(Bytes id) {
        byte[] value = ended.get(id);
        return value == null ? null : readEnded(value);
    }

    private EndedRequest readEnded(byte[] value) {
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

    /// @param visitor may put another entry in the place of the one it is given
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

    /// Joins the segments of one answer, which come in order of position.
    private static final class AnswerBuilder {
        private final List<Integer> ids = new ArrayList<>();
        private final List<String> arithmetic = new ArrayList<>();
        private String model;
        private FinishReason finish;
        private String stop;

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
            return new StoredAnswer(RequestPlan.ints(ids), model, List.copyOf(arithmetic), finish, stop);
        }
    }
}
