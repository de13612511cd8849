package dev.flover.topology;

import dev.flover.schemas.EndedRequest;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.ParkedRecord;
import dev.flover.schemas.StoredAttempts;
import dev.flover.schemas.StoredProgress;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.DurableSerde;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;

/// The durable side of one partition: requests written once, progress in append-only segments, and small marks.
///
/// All of it is committed with the tokens and offsets that it belongs to. A generation that ends leaves nothing but its
/// entry among the ended.
final class PartitionState {
    private static final DurableSerde<StoredRequest> REQUEST = DurableSerde.of(StoredRequest.class);
    private static final DurableSerde<StoredProgress> PROGRESS = DurableSerde.of(StoredProgress.class);
    private static final DurableSerde<StoredAttempts> ATTEMPTS = DurableSerde.of(StoredAttempts.class);
    private static final DurableSerde<EndedRequest> ENDED = DurableSerde.of(EndedRequest.class);
    private static final DurableSerde<ParkedRecord> PARKED = DurableSerde.of(ParkedRecord.class);

    private final KeyValueStore<Bytes, byte[]> requests;
    private final KeyValueStore<Bytes, byte[]> progress;
    private final KeyValueStore<Bytes, byte[]> attempts;
    private final KeyValueStore<Bytes, byte[]> ended;
    private final KeyValueStore<Bytes, byte[]> parked;

    /// What is stored of one answer, its segments joined.
    ///
    /// @param ids        tokens of the answer so far
    /// @param model      fingerprint of the model file that its newest tokens come from; null where there are none
    /// @param arithmetic fingerprints of arithmetic in the order in which they were used
    /// @param finish     null while the answer is unfinished
    record StoredAnswer(
            int[] ids, String model, List<String> arithmetic, FinishReason finish, String stop) {
        static final StoredAnswer NONE = new StoredAnswer(new int[0], null, List.of(), null, null);

        boolean isBegun() {
            return ids.length > 0 || finish != null;
        }
    }

    PartitionState(ProcessorContext<?, ?> context) {
        requests = context.getStateStore(PipelineTopology.REQUESTS_STORE);
        progress = context.getStateStore(PipelineTopology.PROGRESS_STORE);
        attempts = context.getStateStore(PipelineTopology.ATTEMPTS_STORE);
        ended = context.getStateStore(PipelineTopology.ENDED_STORE);
        parked = context.getStateStore(PipelineTopology.PARKED_STORE);
    }

    /// @return bytes of the stored form
    int putRequest(Bytes id, byte[] encoded) {
        requests.put(id, encoded);
        return encoded.length;
    }

    static byte[] encode(StoredRequest request) {
        return REQUEST.encode(request);
    }

    /// Null where the id is not that of an unfinished request.
    StoredRequest request(Bytes id) {
        byte[] value = requests.get(id);
        return value == null ? null : REQUEST.decode(value);
    }

    /// Appends a segment, or replaces the newest one by a longer one.
    ///
    /// @param position of the segment's first token
    void putProgress(Bytes id, int answer, int position, StoredProgress segment) {
        progress.put(StateKeys.segment(id.get(), answer, position), PROGRESS.encode(segment));
    }

    Attempts attempts(Bytes id) {
        byte[] value = attempts.get(id);
        return value == null ? Attempts.NONE
                : Attempts.of(ATTEMPTS.decode(value), attempts.get(StateKeys.beside(id)));
    }

    void putAttempts(Bytes id, Attempts value) {
        attempts.put(id, ATTEMPTS.encode(value.counts()));
        attempts.put(StateKeys.beside(id), value.encodedTries());
    }

    /// Nothing is written where there is nothing: the changelog would get a tombstone all the same.
    void clearAttempts(Bytes id) {
        if (attempts.get(id) != null) {
            attempts.delete(id);
            attempts.delete(StateKeys.beside(id));
        }
    }

    /// Deletes all that is stored of a generation.
    void forget(Bytes id) {
        requests.delete(id);
        clearAttempts(id);
        var segments = new ArrayList<Bytes>();
        try (var found = progress.range(StateKeys.firstSegment(id.get()), StateKeys.lastSegment(id.get()))) {
            found.forEachRemaining(segment -> segments.add(segment.key));
        }
        segments.forEach(progress::delete);
    }

    /// What is stored of a request's answers, by index.
    StoredAnswer[] answers(Bytes id, int count) {
        var builders = new AnswerBuilder[count];
        try (var found = progress.range(StateKeys.firstSegment(id.get()), StateKeys.lastSegment(id.get()))) {
            while (found.hasNext()) {
                var segment = found.next();
                int answer = StateKeys.answerOf(segment.key);
                if (builders[answer] == null) {
                    builders[answer] = new AnswerBuilder();
                }
                builders[answer].add(StateKeys.positionOf(segment.key), PROGRESS.decode(segment.value));
            }
        }
        var answers = new StoredAnswer[count];
        for (int i = 0; i < count; i++) {
            answers[i] = builders[i] == null ? StoredAnswer.NONE : builders[i].build();
        }
        return answers;
    }

    /// Every unfinished request, with the size of its stored form.
    void forEachRequest(BiConsumer<StoredRequest, Integer> visitor) {
        try (var all = requests.all()) {
            while (all.hasNext()) {
                byte[] value = all.next().value;
                visitor.accept(REQUEST.decode(value), value.length);
            }
        }
    }

    EndedRequest ended(Bytes id) {
        byte[] value = ended.get(id);
        return value == null ? null : ENDED.decode(value);
    }

    void putEnded(Bytes id, EndedRequest value) {
        ended.put(id, ENDED.encode(value));
    }

    void deleteEnded(Bytes id) {
        ended.delete(id);
    }

    Map<Bytes, EndedRequest> allEnded() {
        var result = new HashMap<Bytes, EndedRequest>();
        try (var all = ended.all()) {
            all.forEachRemaining(entry -> result.put(entry.key, ENDED.decode(entry.value)));
        }
        return result;
    }

    void park(long offset, ParkedRecord record) {
        parked.put(StateKeys.offset(offset), PARKED.encode(record));
    }

    ParkedRecord parked(long offset) {
        return PARKED.decode(parked.get(StateKeys.offset(offset)));
    }

    void unpark(long offset) {
        parked.delete(StateKeys.offset(offset));
    }

    List<Long> parkedOffsets() {
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
