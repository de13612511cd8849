package dev.flover.topology.generation;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.StoredRequest;
import dev.flover.schemas.serdes.NewerFormException;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.topology.metrics.Laps;
import dev.flover.topology.metrics.TickPart;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestPlan;
import dev.flover.topology.request.TokenIds;
import dev.flover.topology.state.BegunElsewhere;
import dev.flover.topology.state.EndedMemory;
import dev.flover.topology.state.PartitionState.StoredAnswer;
import dev.flover.topology.state.PartitionState;
import dev.flover.topology.waiting.Compiling;
import dev.flover.topology.waiting.Deadlines;
import dev.flover.topology.waiting.Searching;
import dev.flover.topology.waiting.Ticket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import org.apache.kafka.common.utils.Bytes;
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
    private final Starts starts;
    private final Delivery delivery;
    private final Loading loading;
    private final Searching searching = new Searching();

    Generations(ProcessParts parts, PartitionState state, EndedMemory ended, Output output, int partition) {
        this.parts = parts;
        this.state = state;
        this.ended = ended;
        this.output = output;
        this.partition = partition;
        repeats = new Repeats(parts, state, ended, output, partition);
        compiling = new Compiling(parts.constraints());
        trials = new Trials(parts, state);
        starts = new Starts(parts, partition);
        delivery = new Delivery(parts, state, output, trials, partition);
        loading = new Loading(parts, state, partition, delivery.mailbox(), granted);
    }

    /// Restores the unfinished requests from the state: each waits for its turn again.
    void restore() {
        parts.life().opened(partition);
        parts.left().forget(partition);
        var elsewhere = new BegunElsewhere(
                parts.model().fingerprint(), parts.engine().arithmetic(), parts.config().recovery().otherArithmetic());
        state.requestSizes().forEach((id, bytes) -> restore(id, bytes, elsewhere));
        if (!waiting.isEmpty()) {
            LOG.info("partition {}: {} unfinished requests continue from the state", partition, waiting.size());
        }
        if (!elsewhere.isEmpty()) {
            LOG.warn("partition {}: {}", partition, elsewhere.sentence());
        }
        if (parts.left().count() > 0) {
            LOG.warn(parts.left().sentence());
        }
    }

    private void restore(Bytes id, int bytes, BegunElsewhere elsewhere) {
        try {
            var stored = loading.stored(id);
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
        boolean begun = Arrays.stream(answers).anyMatch(StoredAnswer::isBegun);
        boolean isSuspect = tried.alone() > 0 || tried.together() >= recovery.suspectAfter();
        var standing = isSuspect ? Ticket.Standing.SUSPECT : begun ? Ticket.Standing.RESUMED : Ticket.Standing.ARRIVED;
        var ticket = loading.ticket(stored, standing, bytes, true);
        waiting.put(id, ticket);
        deadlines.set(id, stored.getRequestedAt(), stored.getRequest().getDeadlineMs());
        if (begun) {
            parts.metrics().resumed();
        }
        if (ended.isCancelled(id)) {
            cancelled.add(id);
        } else if (tried.alone() >= recovery.attemptsAlone()) {
            givenUp.add(id);
        } else if (elsewhere.mayContinueHere(answers)) {
            await(id, ticket, stored);
        } else {
            elsewhere.add(answers);
        }
    }

    /// Takes in a request: from the next commit on it is durable, and it waits for its turn.
    ///
    /// @param read the request with all fields of its record
    void arrive(Bytes id, StoredRequest stored, ReadRequest read, RequestPlan plan) {
        int bytes = state.putRequest(id, stored, read);
        var ticket = loading.ticket(stored, Ticket.Standing.ARRIVED, bytes, false);
        ticket.plan = plan;
        waiting.put(id, ticket);
        deadlines.set(id, stored.getRequestedAt(), stored.getRequest().getDeadlineMs());
        var content = loading.contentOf(stored, plan);
        if (content != null && parts.results().mayAnswer(content)) {
            searching.begin(id, ticket, parts.results().findAnswer(content));
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

    /// The ended requests that were sent or read again.
    Repeats repeats() {
        return repeats;
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
            generation = loading.generation(id, ticket);
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
            trials.takeCleared().ifPresent(starts::again);
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
        switch (repeats.verdict(stored)) {
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
        for (var done : searching.takeDone()) {
            var id = done.id();
            if (waiting.get(id) != done.ticket()) {
                continue;       // the request was cancelled or has expired
            }
            var stored = loading.stored(id);
            if (done.found().isEmpty()) {
                await(id, done.ticket(), stored);
            } else {
                waiting.remove(id);
                long resultAt = output.cached(id, stored, done.found().get().result());
                over(id, stored, done.ticket(), now, resultAt);
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
            var generation = loading.generation(id, ticket);
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
                admit(loading.generation(id, ticket), now);
            } else if (begun != null && begun.ticket == ticket) {      // otherwise it ended after its turn began
                if (ticket.yields()) {
                    starts.suspend(begun);
                } else {
                    parts.room().started(ticket);
                    startAnswers(begun, now);
                }
            }
        }
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
            starts.answers(generation);
        } catch (IllegalArgumentException e) {
            endAll(generation, Ending.rejected(RequestFault.invalid(null, e.getMessage())), now);
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
        long resultAt = delivery.end(generation, loading.contentOf(generation.stored, generation.plan), now);
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
}
