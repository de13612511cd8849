package dev.flover.topology.generation;

import dev.flover.schemas.EndedRequest;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.RejectionCode;
import dev.flover.schemas.StoredReply;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.StoredSchema;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.schemas.models.Assignment;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.parking.ParkedRecords;
import dev.flover.topology.parking.ParkedReport;
import dev.flover.topology.records.BoundedRecords;
import dev.flover.topology.records.Forwarding;
import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.records.RequestDigest;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.records.RequestId;
import dev.flover.topology.records.RequestRecord;
import dev.flover.topology.records.SchemaName;
import dev.flover.topology.request.Refusals;
import dev.flover.topology.request.ReplyTopics;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestMentions;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.request.TokenIds;
import dev.flover.topology.state.EndedMemory;
import dev.flover.topology.state.PartitionState;
import dev.flover.topology.state.ReadPosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/// Decides on each record of one requests partition.
///
/// ```
///   an id that another partition may know              -> passed on to that partition
///   undecodable                                        -> dead letter
///   another request under a known id                   -> refused, and dead letter
///   schema, answering group, or a subject or topic
///   that the record names not known at present         -> parked, with all later records of its key
///   null value                                         -> cancel, also of a parked request; with a header, forget
///   answered by another group                          -> its id is remembered
///   the same request again, while it is live           -> absorbed
///   the same request again, after its end              -> its answer is written again
///   cannot be served                                   -> rejected
///   otherwise                                          -> stored, and waits for the engine
/// ```
final class Intake {
    /// Header of a parked record: the record had been read before, because the group's offsets were set back.
    private static final String READ_AGAIN = "flover.read.again";
    private static final String FORGET = "flover.forget";
    private static final byte[] FORGET_ELSEWHERE = {0};

    private final ProcessParts parts;
    private final PartitionState state;
    private final EndedMemory ended;
    private final Generations generations;
    private final Output output;
    private final TopicPartition partition;
    private final ParkedRecords parked;
    private final ParkedReport report;
    private final ReadPosition position;
    private final Refusals refusals;
    private boolean held;
    /// Whether the current record had been read before, because the group's offsets were set back.
    private boolean readAgain;
    /// For the record that was handled last and has to wait: tells, by the time in ms, whether handling it again is
    /// worth while; null where it waits for its schema.
    private @Nullable LongPredicate news;

    Intake(ProcessParts parts, PartitionState state, EndedMemory ended, Generations generations, Output output,
            TopicPartition partition) {
        this.parts = parts;
        this.state = state;
        this.ended = ended;
        this.generations = generations;
        this.output = output;
        this.partition = partition;
        parked = new ParkedRecords(state, partition, parts.config().recovery().patience());
        report = new ParkedReport(parked, partition, parts.standstill(),
                parts.config().recovery().patience().silence());
        position = new ReadPosition(state, parts.models().topicId(), partition.partition(), parts.gaps());
        refusals = new Refusals(parts.config(), parts.mentions());
    }

    void receive(RequestRecord read, long now) {
        var record = read.key() == null && read.value() != null && JsonRecords.isJson(read.value())
                ? read.withKey(read.topic() + "-" + read.partition() + "-" + read.offset())
                : read;
        var id = RequestId.of(record.key());
        readAgain = !Forwarding.isForwarded(record) && position.isPast(record.offset());
        var next = id == null || read.key() == null || mayKnow(id, record, now) ? OptionalInt.empty()
                : parts.homes().next(id, partition.partition(), Forwarding.visited(record));
        if (next.isPresent()) {
            output.passOn(record, next.getAsInt());
            parts.commits().early();
        } else if (id != null && record.value() == null && parked.holds(id) && isOursWhateverItSays(id)) {
            cancelParked(id, now);
            if (record.headers().lastHeader(FORGET) != null) {
                forget(id, true, now);
            }
        } else if (id != null && parked.holds(id)) {
            park(record, id, now, null);
        } else if (!handle(record, now, now)) {
            park(record, id == null ? ParkedRecords.keyOf(record) : id, now, news);
        }
        if (!Forwarding.isForwarded(record)) {
            position.passed(record.offset());
        }
    }

    private void park(RequestRecord record, Bytes key, long now, @Nullable LongPredicate worthwhile) {
        if (readAgain) {
            record.headers().add(READ_AGAIN, new byte[0]);
        }
        parked.park(record, key, now, worthwhile);
        parts.metrics().parked();
    }

    /// Whether this partition handles a record, rather than asking other partitions for its id: partitions were never
    /// added, this one knows the id, or the record's value was cut. (Such a record is rejected in every partition.)
    private boolean mayKnow(Bytes id, RequestRecord record, long now) {
        return !parts.homes().counts().haveGrown() || parked.holds(id) || state.digest(id) != null
                || ended.find(id, now) != null || BoundedRecords.cutFrom(record.headers()) != null;
    }

    /// The assignment that holds at a record's place on the requests topic, also where the record was passed on.
    private @Nullable Assignment assignment(RequestRecord record) {
        var origin = Forwarding.origin(record);
        return parts.models().at(origin.partition(), origin.offset());
    }

    /// Whether this group answers the records parked under an id, whichever model they name. Where groups share the
    /// topic, that depends on the model, which is not known before a record is decoded; a cancel of the id then waits,
    /// too.
    private boolean isOursWhateverItSays(Bytes id) {
        var assignment = parts.models().at(partition.partition(), parked.firstOffset(id));
        return assignment != null && assignment.groups().size() == 1 && isOurs(assignment, null);
    }

    /// Handles parked records again while there is room, and holds the partition back (back-pressure) while there is
    /// none.
    void tick(long now) {
        parked.retry(now, parts.decoding(), again(now));
        report.tick(parts.decoding(), now);
        cancelAhead(now);
        boolean hold = parked.isFull() || generations.repeats().isFull() || !parts.models().isCurrent()
                || parts.room().isFull()
                || held && !parts.room().hasRoom();
        if (hold != held) {
            held = hold;
            if (hold) {
                parts.holds().hold(partition);
            } else {
                parts.holds().release(partition);
            }
        }
    }

    /// Reads ahead for cancels while parked records hold the partition back, and cancels the parked requests that they
    /// name.
    private void cancelAhead(long now) {
        if (!parked.isFull()) {
            parts.cancels().end(partition);
            return;
        }
        parts.cancels().begin(partition, position.next());
        for (var id = parts.cancels().take(partition); id != null; id = parts.cancels().take(partition)) {
            if (parked.holds(id) && isOursWhateverItSays(id)) {
                cancelParked(id, now);
            }
        }
    }

    private ParkedRecords.Handling again(long now) {
        return new ParkedRecords.Handling() {
            @Override
            public boolean handle(RequestRecord record, long since) {
                readAgain = record.headers().lastHeader(READ_AGAIN) != null;
                news = null;
                return (record.value() == null || !parts.room().isFull()) && Intake.this.handle(record, since, now);
            }

            @Override
            public @Nullable LongPredicate news() {
                return news;
            }
        };
    }

    void close() {
        parts.holds().forget(partition);
        report.close();
        parts.cancels().end(partition);
    }

    /// Handles a record.
    ///
    /// @param since when the record was read, ms
    /// @return false if the record has to be handled again later, because the registry could not be asked, it is not
    ///     known now which group answers, or a subject or topic that the record names has to be looked up
    private boolean handle(RequestRecord record, long since, long now) {
        news = null;
        var assignment = assignment(record);
        if (assignment == null) {
            return false;
        }
        var id = RequestId.of(record.key());
        if (id == null) {
            putAside(record, assignment, RequestId.fault(record.key()));
            return true;
        }
        if (record.value() == null) {
            carryOut(record, id, assignment, now);
            return true;
        }
        var cutFrom = BoundedRecords.cutFrom(record.headers());
        if (cutFrom != null) {
            var tooLarge = Ending.rejected(RequestFault.of(RejectionCode.TOO_LARGE, null,
                    "the request's record must have at most " + parts.config().limits().requestBytes()
                            + " bytes, was " + cutFrom));
            return arrive(new Arrival(id, null, BoundedRecords.digest(record.headers()), record, null, since, now),
                    assignment, tooLarge);
        }
        return switch (decode(id, record, now)) {
            case RequestDecoding.Decoded.Later later -> false;
            case RequestDecoding.Decoded.Undecodable(String reason) -> {
                putAside(record, assignment, reason);
                yield true;
            }
            case RequestDecoding.Decoded.Refused(RequestFault fault) ->
                    arrive(new Arrival(id, null, RequestDigest.of(record.value()), record, null, since, now),
                            assignment, Ending.rejected(fault));
            case RequestDecoding.Decoded.Request(ReadRequest read) ->
                    arrive(new Arrival(id, read, RequestDigest.of(read.said()), record, null, since, now), assignment,
                            Ending.rejectedIf(refusals.ofRecord(read, record)));
        };
    }

    /// Cancels or forgets a request: the two meanings of a record without a value.
    private void carryOut(RequestRecord record, Bytes id, Assignment assignment, long now) {
        var order = record.headers().lastHeader(FORGET);
        if (order == null) {
            cancel(id, now);
        } else {
            boolean elsewhere = Arrays.equals(order.value(), FORGET_ELSEWHERE);
            forget(id, !elsewhere && isOurs(assignment, null), now);
        }
    }

    private RequestDecoding.Decoded decode(Bytes id, RequestRecord record, long now) {
        byte[] value = Objects.requireNonNull(record.value(), "a record without a value is no request");
        return JsonRecords.isJson(value)
                ? RequestDecoding.json(value, new String(id.get(), StandardCharsets.UTF_8))
                : parts.decoding().decode(SchemaName.of(record), value, !parked.isFull(), now);
    }

    /// Cancels a parked request, which is answered without having been decoded.
    private void cancelParked(Bytes id, long now) {
        var first = parked.remove(id);
        var past = ended.find(id, now);
        boolean known = state.digest(id) != null || past != null && past.getDigest() != null;
        cancel(id, now);
        if (!known && first != null && first.value() != null) {
            var digest = decode(id, first, now) instanceof RequestDecoding.Decoded.Request(ReadRequest read)
                    ? RequestDigest.of(read.said())
                    : RequestDigest.of(first.value());
            var reply = parts.replyTopics().unseen(first.headers());
            refuse(new Arrival(id, null, digest, first, reply, now, now), null,
                    Ending.of(FinishReason.CANCELLED, "cancelled while it waited for its schema"));
        }
    }

    private void cancel(Bytes id, long now) {
        boolean ended = generations.end(
                id, Ending.of(FinishReason.CANCELLED, "cancelled by a null value under the request's id"), now);
        if (!ended && state.digest(id) != null) {       // of another release, which will end it
            this.ended.rememberCancelOfLive(id);
        } else if (!ended && this.ended.find(id, now) == null) {
            this.ended.rememberCancel(id, now);
        }
    }

    /// Writes a dead letter for a record that cannot become a request, if this is the default group.
    private void putAside(RequestRecord record, Assignment assignment, String reason) {
        if (isOurs(assignment, null)) {
            output.deadLetter(record, reason);
        }
    }

    private boolean isOurs(Assignment assignment, @Nullable String model) {
        return parts.models().group().equals(assignment.groupFor(model));
    }

    /// Erases the stored answer to a request, and cancels an answer in progress. The result is erased by the group and
    /// in the partition that answered the request; or, if no group remembers the id, by the default group in the id's
    /// own partition.
    ///
    /// @param belongsHere whether this group erases the result if no group remembers the id
    private void forget(Bytes id, boolean belongsHere, long now) {
        boolean live = generations.end(id, Ending.of(FinishReason.CANCELLED, "erased by order of a client"), now);
        var past = ended.find(id, now);
        boolean isRemembered = past != null && past.getDigest() != null;
        generations.repeats().forget(id);
        ended.erase(id);
        parts.results().forget(id);
        if (live || (past != null && isRemembered ? past.getResultAt() > 0 : belongsHere)) {
            output.forget(id);
        }
    }

    /// Decides on a request by its id and digest.
    ///
    /// @param refusal the reason to reject the request; null where the request has still to be checked
    /// @return false if the request has to be handled again later
    private boolean arrive(Arrival arrival, Assignment assignment, @Nullable Ending refusal) {
        var id = arrival.id();
        if (!isOurs(assignment, arrival.model())) {
            boolean isKnown = state.digest(id) != null || isRemembered(ended.find(id, arrival.now()));
            if (!isKnown && assignment.groupFor(arrival.model()) != null) {
                ended.rememberOthers(id, arrival.digest(), arrival.now(), arrival.record().timestamp());
            }
            parts.metrics().othersRequest();
            return true;
        }
        return switch (parts.replyTopics().look(arrival.record().headers(), arrival.since(), arrival.now())) {
            case ReplyTopics.Sight.Ready(StoredReply reply) -> decide(arrival.with(reply), assignment, refusal);
            case ReplyTopics.Sight.Refused(String reason) ->
                    decide(arrival, assignment, refusal != null ? refusal
                            : Ending.rejected(RequestFault.invalid(null, reason)));
            case ReplyTopics.Sight.Later(LongPredicate worthwhile) -> {
                news = worthwhile;
                yield false;
            }
        };
    }

    private static boolean isRemembered(@Nullable EndedRequest past) {
        return past != null && past.getDigest() != null;
    }

    private boolean decide(Arrival arrival, Assignment assignment, @Nullable Ending refusal) {
        var id = arrival.id();
        var live = state.digest(id);
        var past = live == null ? ended.find(id, arrival.now()) : null;
        String model = arrival.model();
        var known = live != null ? live : past != null ? past.getDigest() : null;
        if (known != null) {
            arriveAgain(arrival, live != null, isSame(known, arrival), refusal);
        } else if (past != null) {
            refuse(arrival, arrival.request(), Ending.of(FinishReason.CANCELLED, "cancelled before the request came"));
        } else if (readAgain && arrival.read() != null) {
            generations.repeats().recall(id, stored(arrival), arrival.read());
        } else if (refusal != null) {
            refuse(arrival, null, refusal);
        } else if (model != null && !assignment.serves(model)) {
            refuse(arrival, arrival.request(), Ending.rejected(Refusals.unserved(model, assignment)));
        } else {
            return serve(arrival);
        }
        return true;
    }

    private void arriveAgain(Arrival arrival, boolean live, boolean same, @Nullable Ending refusal) {
        if (readAgain && parts.config().delivery() == Delivery.EXACTLY_ONCE) {
            parts.metrics().duplicate();
        } else if (!same) {
            output.refused(arrival, "the id is that of a different request that was sent before; use a new one");
        } else if (live) {
            parts.metrics().duplicate();
        } else {
            repeat(arrival, refusal);
        }
    }

    private static boolean isSame(ByteBuffer known, Arrival arrival) {
        return known.equals(arrival.digest())
                || arrival.read() != null && known.equals(RequestDigest.firstForm(arrival.read().request()));
    }

    /// Handles an ended request that was sent again. A request that cannot be decoded is refused again. A request that
    /// this release would reject may have been answered by a release that knows its fields: then that answer is given
    /// again.
    private void repeat(Arrival arrival, @Nullable Ending refusal) {
        if (refusal == null) {
            generations.repeats().arrive(arrival.id(), stored(arrival), arrival.decoded());
        } else if (arrival.read() == null) {
            refuse(arrival, null, refusal, true);
        } else {
            var refused = StoredRequest.newBuilder(stored(arrival)).setRefusal(refusal.message()).build();
            generations.repeats().arrive(arrival.id(), refused, ReadRequest.of(arrival.read().request()));
        }
    }

    /// The stored form of a request whose result is searched for, without the token ids of its prompt.
    private StoredRequest stored(Arrival arrival) {
        var record = arrival.record();
        var returned = parts.returned().of(record.headers());
        return new StoredRequest(arrival.request(), List.of(), record.offset(), record.timestamp(), arrival.now(),
                returned.trace(), arrival.digest(), true, null, null, returned.besideTrace(), arrival.reply());
    }

    /// Checks a new request, and takes it in or rejects it.
    ///
    /// @return false if a subject or topic that the request names has to be looked up first
    private boolean serve(Arrival arrival) {
        var id = arrival.id();
        var request = arrival.decoded().request();
        String key = new String(id.get(), StandardCharsets.UTF_8);
        parts.sightings().saw(id, key, partition.partition(), arrival.now());
        switch (parts.check().check(key, request)) {
            case RequestCheck.Verdict.Rejected(RequestFault fault) ->
                    refuse(arrival, request, Ending.rejected(fault));
            case RequestCheck.Verdict.Accepted(int[] promptIds, RequestPlan plan) -> {
                var forbidden = refusals.bySettings(request);
                if (forbidden != null) {
                    refuse(arrival, request, Ending.rejected(forbidden));
                    return true;
                }
                switch (parts.mentions().look(request, arrival.since(), arrival.now())) {
                    case RequestMentions.Sight.Refused(RequestFault fault) ->
                            refuse(arrival, request, Ending.rejected(fault));
                    case RequestMentions.Sight.Later(LongPredicate worthwhile) -> {
                        news = worthwhile;
                        return false;
                    }
                    case RequestMentions.Sight.Ready(StoredSchema schema) -> {
                        generations.arrive(id, StoredRequest.newBuilder(stored(arrival))
                                .setPromptIds(TokenIds.list(promptIds)).setRepeat(false).setResolvedSchema(schema)
                                .build(), arrival.decoded(), plan);
                        parts.metrics().accepted();
                    }
                }
            }
        }
        return true;
    }

    private void refuse(Arrival arrival, @Nullable GenerationRequest request, Ending ending) {
        refuse(arrival, request, ending, false);
    }

    private void refuse(Arrival arrival, @Nullable GenerationRequest request, Ending ending, boolean repeat) {
        long resultAt = output.refuse(arrival, request, ending, repeat);
        ended.rememberEnded(arrival.id(), arrival.digest(), arrival.now(), resultAt);
    }
}
