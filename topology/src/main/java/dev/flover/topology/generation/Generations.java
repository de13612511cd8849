package dev.flover.topology.generation;

import dev.flover.engine.tokenizer.AnswerText;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.NewerFormException;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.config.PipelineConfig.OtherArithmetic;
import dev.flover.topology.metrics.Laps;
import dev.flover.topology.metrics.TickPart;
import dev.flover.topology.notes.GenerationNotes.Note;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.ContentKey;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.request.TokenIds;
import dev.flover.topology.results.StoredResult;
import dev.flover.topology.state.BegunElsewhere;
import dev.flover.topology.state.EndedMemory;
import dev.flover.topology.state.PartitionState;
import dev.flover.topology.state.PartitionState.StoredAnswer;
import dev.flover.topology.waiting.Compiling;
import dev.flover.topology.waiting.Deadlines;
import dev.flover.topology.waiting.Ticket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The unfinished requests of one partition, from their arrival to their terminal record.
///
/// ```
///   arrive / restore -> waiting -> granted -> [attempt is committed] -> live -> ended
///                          |          |                                  ^
///                          └──────────┴── cancel, deadline, given up ────┘
/// ```
///
/// A generation's attempt is committed before it is computed only where the generation was restored after a restart, or
/// while [Caution] holds.
final class Generations {
    private static final Logger LOG = LoggerFactory.getLogger(Generations.class);
    private static final int ENDED_PER_TICK = 256;

    private final ProcessParts parts;
    private final PartitionState state;
    private final EndedMemory ended;
    private final Output output;
    private final int partition;

    private final Map<Bytes, Ticket> waiting = new HashMap<>();
    private final Map<Bytes, LiveGeneration> live = new HashMap<>();
    private final Queue<Ticket> granted = new ArrayDeque<>();
    private final Queue<Bytes> givenUp = new ArrayDeque<>();
    /// Requests that were cancelled while their partition was at an instance that did not know all their fields.
    private final Queue<Bytes> cancelled = new ArrayDeque<>();
    private final Deadlines deadlines = new Deadlines();
    private final Repeats repeats;
    private final Compiling compiling;
    private final Trials trials;
    private final Delivery delivery;
    private final List<Search> searches = new ArrayList<>();

    /// A stored request, for which the answer to an equal request is being searched for.
    private record Search(Bytes id, Ticket ticket, CompletableFuture<Optional<StoredResult>> found) {}

    Generations(ProcessParts parts, PartitionState state, EndedMemory ended, Output output, int partition) {
        this.parts = parts;
        this.state = state;
        this.ended = ended;
        this.output = output;
        this.partition = partition;
        repeats = new Repeats(parts, state, ended, output, partition);
        compiling = new Compiling(parts.constraints());
        trials = new Trials(parts, state);
        delivery = new Delivery(parts, state, output, trials, partition);
    }

    /// Restores the unfinished requests from the state: each waits for its turn again.
    void restore() {
        parts.life().opened(partition);
        parts.left().forget(partition);
        var elsewhere = new BegunElsewhere();
        state.requestSizes().forEach((id, bytes) -> restore(id, bytes, elsewhere));
        if (!waiting.isEmpty()) {
            LOG.info("partition {}: {} unfinished requests continue from the state", partition, waiting.size());
        }
        if (!elsewhere.isEmpty()) {
            LOG.warn("partition {}: {}", partition,
                    elsewhere.sentence(parts.engine().arithmetic() + " on " + parts.model().fingerprint()));
        }
        if (parts.left().count() > 0) {
            LOG.warn(parts.left().sentence());
        }
    }

    private void restore(Bytes id, int bytes, BegunElsewhere elsewhere) {
        try {
            var stored = stored(id);
            output.replies().prepare(stored);
            if (stored.getRepeat() && stored.getPromptIds().isEmpty()) {
                repeats.restore(id, stored);
            } else {
                restore(id, stored, state.answers(id, stored.getRequest().getAnswers()), bytes, elsewhere);
            }
        } catch (NewerFormException e) {
            parts.left().add(partition, e.fields());
        }
    }

    private void restore(
            Bytes id, StoredRequest stored, StoredAnswer[] answers, int bytes, BegunElsewhere elsewhere) {
        var tried = state.attempts(id).without(parts.life().survivors());
        var recovery = parts.config().recovery();
        boolean begun = isBegun(answers);
        boolean isSuspect = tried.alone() > 0 || tried.together() >= recovery.suspectAfter();
        var standing = isSuspect ? Ticket.Standing.SUSPECT : begun ? Ticket.Standing.RESUMED : Ticket.Standing.ARRIVED;
        var ticket = ticket(id, stored, standing, bytes, true);
        waiting.put(id, ticket);
        setDeadline(id, stored);
        if (begun) {
            parts.metrics().resumed();
        }
        if (ended.isCancelled(id)) {
            cancelled.add(id);
        } else if (tried.alone() >= recovery.attemptsAlone()) {
            givenUp.add(id);
        } else if (mayContinueHere(answers)) {
            await(id, ticket, stored);
        } else {
            elsewhere.add(answers);
        }
    }

    private static boolean isBegun(StoredAnswer[] answers) {
        for (var answer : answers) {
            if (answer.isBegun()) {
                return true;
            }
        }
        return false;
    }

    private boolean mayContinueHere(StoredAnswer[] answers) {
        if (parts.config().recovery().otherArithmetic() == OtherArithmetic.CONTINUE) {
            return true;
        }
        for (var answer : answers) {
            boolean sameModel = answer.model() == null || answer.model().equals(parts.model().fingerprint());
            boolean sameArithmetic = answer.arithmetic().isEmpty()
                    || answer.arithmetic().getLast().equals(parts.engine().arithmetic());
            if (!sameModel || !sameArithmetic) {
                return false;
            }
        }
        return true;
    }

    /// Takes in a request: from the next commit on it is durable, and it waits for its turn.
    ///
    /// @param read the request with all fields of its record
    void arrive(Bytes id, StoredRequest stored, ReadRequest read, RequestPlan plan) {
        int bytes = state.putRequest(id, stored, read);
        var ticket = ticket(id, stored, Ticket.Standing.ARRIVED, bytes, false);
        ticket.plan = plan;
        waiting.put(id, ticket);
        setDeadline(id, stored);
        var content = contentOf(stored, plan);
        if (content != null && parts.results().mayAnswer(content)) {
            searches.add(new Search(id, ticket, parts.results().findAnswer(content)));
        } else {
            await(id, ticket, stored);
        }
    }

    /// Lets a request wait for its turn. Where it has a constraint, that is compiled first.
    private void await(Bytes id, Ticket ticket, StoredRequest stored) {
        var wish = parts.check().wish(stored);
        if (wish == null) {
            parts.room().add(ticket);
        } else {
            parts.room().prepare(ticket);
            compiling.begin(id, ticket, wish);
        }
    }

    /// Takes in the repeat of a request that has ended.
    ///
    /// @param stored without the token ids of its prompt
    void repeat(Bytes id, StoredRequest stored, ReadRequest read) {
        repeats.arrive(id, stored, read);
    }

    /// Takes in a request that was read before and is not in the state, because it may have ended.
    ///
    /// @param stored without the token ids of its prompt
    void recall(Bytes id, StoredRequest stored, ReadRequest read) {
        repeats.recall(id, stored, read);
    }

    /// Whether the number of repeats that wait for their stored results is at its limit, so that the partition has to
    /// be held back.
    boolean hasManyRepeats() {
        return repeats.isFull();
    }

    /// Forbids that the stored result of an id is written again.
    void forget(Bytes id) {
        repeats.forget(id);
    }

    /// The digest by which equal requests find the answer; null where the answer may not be given to others.
    private @Nullable ByteBuffer contentOf(StoredRequest stored, RequestPlan plan) {
        return parts.config().remembering().answers() == 0 || stored.getRepeat()
                || stored.getRequest().getRecordTopic() != null ? null
                : ContentKey.of(stored, plan, parts.model().fingerprint(), parts.engine().arithmetic());
    }

    /// Ends an unfinished request for a given reason.
    ///
    /// @return whether there is an unfinished request under this id
    boolean end(Bytes id, Ending reason, long now) {
        if (repeats.has(id)) {
            return true;        // a repeat of an ended request
        }
        var generation = live.get(id);
        if (generation == null) {
            var ticket = waiting.remove(id);
            if (ticket == null) {
                return false;
            }
            generation = load(id, ticket);
        }
        endAll(generation, reason, now);
        return true;
    }

    /// One tick: begins turns, starts and ends generations, pumps the engine, and sends the tokens that it drew.
    ///
    /// @param passBegins whether this partition is the first one to tick in this pass. The first one takes in the
    ///                   engine's tokens for all partitions, so that each of them has written its own before the commit
    ///                   at the end of the pass
    /// @param laps       measures the parts of the tick
    void tick(long now, boolean passBegins, Laps laps) {
        giveUp(now);
        expire(now);
        repeats.tick(now).forEach(gone -> computeAnew(gone, now));
        answerFromStored(now);
        takeCompiled(now);
        boolean othersBegin = false;
        if (parts.life().isEnding()) {
            trials.takeBack(live.values());
            parts.life().settled(partition);
        } else {
            parts.room().makeRoom(parts.engine().freeSlots());
            takeGranted(now);       // slots that are given up here can be granted in this tick
            int outstanding = parts.room().outstanding();
            grant();
            takeGranted(now);
            othersBegin = parts.room().outstanding() > outstanding;
            startTried(now);
            trials.takeCleared().ifPresent(this::startAgain);
        }
        laps.end(TickPart.TURNS);
        if (passBegins) {
            parts.engine().pump(!othersBegin);      // if so, the partitions that tick next begin them and launch
        } else {
            parts.engine().launch();
        }
        laps.end(TickPart.ENGINE);
        delivery.send(this::isLive, this::deliver, now);
        laps.end(TickPart.OUTPUT);
    }

    /// Publishes the generations for readers on other threads, where one asks.
    void publish() {
        if (parts.list().isDue(partition)) {
            parts.list().publish(partition, live.values(), waiting.values());
        }
    }

    private boolean isLive(LiveGeneration generation) {
        return live.get(generation.id) == generation;
    }

    /// Releases the sequences of a partition that has been assigned to another instance or process.
    void close() {
        for (var generation : live.values()) {
            for (var answer : generation.answers) {
                parts.engine().release(answer);
            }
            parts.room().left(generation.ticket);
        }
        waiting.values().forEach(parts.room()::left);
        parts.list().forget(partition);
        parts.life().settled(partition);
        parts.left().forget(partition);
        parts.engine().partitionLeft();
    }

    private void computeAnew(Repeats.Gone gone, long now) {
        var stored = gone.stored();
        if (stored.getRefusal() != null) {
            rejectAnew(gone, RequestFault.invalid(null, stored.getRefusal()), now);
            return;
        }
        if (stored.getRequest().getSchemaSubject() != null) {
            rejectAnew(gone, RequestFault.invalid("id", "the answer's record no longer exists, nor the schema that it "
                    + "had to fit; send the request under a new id"), now);
            return;
        }
        switch (parts.check().check(stored.getRequest().getId(), stored.getRequest())) {
            case RequestCheck.Verdict.Rejected(RequestFault fault) -> rejectAnew(gone, fault, now);
            case RequestCheck.Verdict.Accepted(int[] promptIds, RequestPlan plan) -> arrive(gone.id(),
                    StoredRequest.newBuilder(stored).setPromptIds(TokenIds.list(promptIds)).build(), gone.read(), plan);
        }
    }

    private void rejectAnew(Repeats.Gone gone, RequestFault fault, long now) {
        long resultAt = output.reject(gone.id(), gone.stored(), Ending.rejected(fault));
        state.forget(gone.id());
        ended.rememberEnded(gone.id(), gone.stored().getDigest(), now, resultAt);
    }

    /// Ends the requests for which the answer to an equal request was found; those without one wait for the engine.
    private void answerFromStored(long now) {
        if (searches.isEmpty()) {
            return;
        }
        for (var search : List.copyOf(searches)) {
            if (!search.found().isDone()) {
                continue;
            }
            searches.remove(search);
            if (waiting.get(search.id()) != search.ticket()) {
                continue;       // the request was cancelled or has expired
            }
            var found = search.found().join();
            if (found.isEmpty()) {
                await(search.id(), search.ticket(), stored(search.id()));
            } else {
                waiting.remove(search.id());
                var stored = stored(search.id());
                long resultAt = output.cached(search.id(), stored, found.get().result());
                over(search.id(), stored, search.ticket(), now, resultAt);
                parts.metrics().cached();
            }
        }
    }

    private void takeCompiled(long now) {
        for (var done : compiling.takeDone()) {
            if (waiting.get(done.id()) != done.ticket()) {
                continue;       // the request was cancelled or has expired
            }
            switch (done.prepared()) {
                case Constraints.Prepared.Ready ready -> {
                    done.ticket().prepared = ready;
                    parts.room().add(done.ticket());
                }
                case Constraints.Prepared.Refused(String field, String message) ->
                        end(done.id(), Ending.rejected(RequestFault.invalid(field, message)), now);
            }
        }
    }

    private void giveUp(long now) {
        while (!cancelled.isEmpty()) {
            end(cancelled.remove(), Ending.of(FinishReason.CANCELLED, "cancelled by a null value"), now);
        }
        while (!givenUp.isEmpty()) {
            var id = givenUp.remove();
            var ticket = waiting.remove(id);
            if (ticket == null) {
                continue;       // the request was cancelled or has expired
            }
            var generation = load(id, ticket);
            String reason = "given up: the process ended " + parts.config().recovery().attemptsAlone()
                    + " times while this generation was computed alone; the logs of these processes tell the cause";
            endAll(generation, Ending.of(FinishReason.ERROR, reason), now);
        }
    }

    /// Ends requests whose deadline has passed. A deadline is a time of day, and follows the wall clock where that is
    /// set.
    private void expire(long now) {
        long wall = parts.wall().getAsLong();
        for (int i = 0; i < ENDED_PER_TICK; i++) {
            var id = deadlines.takeExpired(wall);
            if (id == null) {
                return;
            }
            end(id, Ending.of(FinishReason.EXPIRED, "the deadline passed before the answer was complete"), now);
        }
    }

    private void grant() {
        var room = parts.room();
        int free = parts.engine().freeSlots() - room.outstanding();
        while (free > 0 && room.grantNext(free > parts.engine().slotsWithoutBatch())) {
            free = parts.engine().freeSlots() - room.outstanding();
        }
    }

    private void takeGranted(long now) {
        for (var ticket = granted.poll(); ticket != null; ticket = granted.poll()) {
            var id = Bytes.wrap(ticket.id.getBytes(StandardCharsets.UTF_8));
            var begun = live.get(id);
            if (waiting.remove(id, ticket)) {
                admit(load(id, ticket), now);
            } else if (begun != null && begun.ticket == ticket) {      // otherwise it ended after its turn began
                if (ticket.yields()) {
                    suspend(begun);
                } else {
                    parts.room().started(ticket);
                    startAnswers(begun, now);
                }
            }
        }
    }

    /// Takes a batch generation's sequences from the engine. They are computed again, from their tokens so far, when
    /// the generation's turn comes again.
    private void suspend(LiveGeneration generation) {
        for (var answer : generation.answers) {
            parts.engine().release(answer);
        }
        parts.room().yielded(generation.ticket);
        parts.metrics().batchYielded();
    }

    private void admit(LiveGeneration generation, long now) {
        live.put(generation.id, generation);
        if (trials.mayStart(generation, now)) {
            start(generation, now);
        }
    }

    private void start(LiveGeneration generation, long now) {
        parts.room().started(generation.ticket);
        if (!generation.isBatch()) {
            parts.metrics().startedAfter(now - generation.stored.getReadAt());
        }
        startAnswers(generation, now);
    }

    private void startAnswers(LiveGeneration generation, long now) {
        try {
            for (var answer : generation.answers) {
                if (!answer.isEnded() && !answer.isFinished()) {
                    start(answer);
                }
            }
        } catch (IllegalArgumentException e) {
            endAll(generation, Ending.rejected(RequestFault.invalid(null, e.getMessage())), now);
        }
    }

    private void start(LiveAnswer answer) {
        var generation = answer.generation();
        var plan = generation.plan;
        int[] ids = answer.ids();
        if (ids.length >= plan.maxTokens()) {
            answer.finishedByEngine(dev.flover.engine.api.FinishReason.LENGTH);
        } else if (ids.length > 0 && plan.stopIds().contains(ids[ids.length - 1])) {
            answer.finishedByEngine(dev.flover.engine.api.FinishReason.STOP);
        } else {
            parts.engine().admit(answer, plan.sequence(generation.promptIds).with(r -> r
                    .generatedIds(ids).answerIndex(answer.index())
                    .priority(generation.stored.getRequest().getPriority()).background(generation.isBatch())
                    .alone(generation.alone)
                    .promptLogprobs(answer.wantedOfPrompt()).constraint(generation.constraint())));
            parts.notes().add(new Note.Begun(
                    parts.number(), answer.sequence(), answer.index(), ids.length, generation.origin(partition)));
        }
    }

    /// Starts the generations whose attempt has been committed.
    private void startTried(long now) {
        for (var generation : trials.due()) {
            if (isLive(generation)) {
                start(generation, now);
            }
        }
    }

    /// Gives a cleared suspect's sequences to the engine again, so that they are batched with other sequences from now
    /// on.
    private void startAgain(LiveGeneration generation) {
        for (var answer : generation.answers) {
            if (answer.isAdmitted()) {
                parts.engine().release(answer);
                start(answer);
            }
        }
    }

    private void deliver(LiveAnswer answer, LiveAnswer.Fresh fresh, long now) {
        if (delivery.write(answer, fresh, now)) {
            close(answer.generation(), now);
        }
    }

    /// Ends every answer of a generation that has not ended by itself.
    private void endAll(LiveGeneration generation, Ending reason, long now) {
        live.put(generation.id, generation);
        for (var answer : generation.answers) {
            if (!answer.isEnded()) {
                deliver(answer, answer.end(reason), now);
            }
        }
        if (isLive(generation)) {
            close(generation, now);
        }
    }

    private void close(LiveGeneration generation, long now) {
        long resultAt = output.result(generation, contentOf(generation.stored, generation.plan));
        parts.notes().add(generation.endNote(partition, now));
        parts.metrics().ended(
                generation.answers[0].ending().reason(), generation.stored.getRequest().getTenant());
        for (var answer : generation.answers) {
            if (answer.ending().reason() == FinishReason.ERROR) {
                output.deadLetter(generation, answer.ending().message());
                break;
            }
        }
        over(generation.id, generation.stored, generation.ticket, now, resultAt);
        live.remove(generation.id);
        trials.ended(generation);
    }

    /// Deletes the state of an ended request, except its id, its digest and the time of its result, which are
    /// remembered.
    private void over(Bytes id, StoredRequest stored, Ticket ticket, long now, long resultAt) {
        compiling.forget(id);
        state.forget(id);
        ended.rememberEnded(id, stored.getDigest(), now, resultAt);
        deadlines.clear(id);
        parts.room().left(ticket);
    }

    private StoredRequest stored(Bytes id) {
        return Objects.requireNonNull(state.request(id), "an unfinished request is not in the state");
    }

    /// Loads a generation with the progress that is in the state.
    private LiveGeneration load(Bytes id, Ticket ticket) {
        var stored = stored(id);
        var request = stored.getRequest();
        if (ticket.plan == null) {
            ticket.plan = parts.check().plan(request, stored.getPromptIds().size());
        }
        var generation = new LiveGeneration(id, stored, ticket.plan, ticket);
        var answers = state.answers(id, request.getAnswers());
        int preceding = generation.promptIds[generation.promptIds.length - 1];
        String opening = request.getEcho() ? parts.check().promptText(request, generation.promptIds) : "";
        var tokenizer = parts.model().tokenizer();
        for (int i = 0; i < answers.length; i++) {
            var text = tokenizer == null ? null : new AnswerText(tokenizer, preceding, request.getStop());
            generation.answers[i] = new LiveAnswer(generation, i, answers[i], opening, text, delivery.mailbox());
        }
        return generation;
    }

    private Ticket ticket(Bytes id, StoredRequest stored, Ticket.Standing standing, int bytes, boolean restored) {
        var request = stored.getRequest();
        long advance = request.getPriority() * parts.config().sharing().priorityStep().toMillis();
        return new Ticket(request.getId(), request.getTenant(), standing, request.getBatch(),
                stored.getReadAt(), advance, stored.getArrival(), partition, stored.getPromptIds().size(), bytes,
                restored, granted);
    }

    private void setDeadline(Bytes id, StoredRequest stored) {
        var deadline = stored.getRequest().getDeadlineMs();
        if (deadline != null) {
            long at = stored.getRequestedAt() + deadline;
            deadlines.set(id, at < stored.getRequestedAt() ? Long.MAX_VALUE : at);
        }
    }
}
