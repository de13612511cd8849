package dev.flover.topology.generation;

import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.topology.streams.StepSignal;
import dev.flover.topology.waiting.SuspectTurn;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The engine of a stream thread, shared by the partitions of the thread. Leads each token to the answer that it
/// belongs to.
///
/// The partition that pumps the engine does so for all partitions. Sequence ids are never used twice, so that tokens
/// that are still in flight for a released answer belong to no answer and are discarded.
public final class SharedEngine implements TokenSink {
    private static final Logger LOG = LoggerFactory.getLogger(SharedEngine.class);

    /// The duration in ns from which on a step counts as long. While only one step is in progress, the device waits
    /// some 0.3 ms for the stream thread between two steps, which costs too much if steps are shorter.
    private static final long LONG_STEP_NANOS = 8_000_000;
    /// An engine with at least this many slots keeps one of them free of batch requests, so that another request finds
    /// a slot at once.
    private static final int SLOTS_TO_KEEP_ONE = 32;
    /// The time in ns after a request that is not batch, within which more of them are expected.
    private static final long OTHERS_EXPECTED_NANOS = 10_000_000_000L;

    private final TokenEngine engine;
    private final int slots;
    private final StepSignal steps;
    private final Runnable firstToken;
    private final LongSupplier clock;
    private final SuspectTurn.OfEngine turn;
    private long seenSteps;
    private long seenAt;
    private long stepNanos;
    private final @Nullable StepTrace trace;
    private long tracedCommits;
    private final Map<Long, LiveAnswer> answers = new HashMap<>();
    /// The number of these that are batch.
    private int batch;
    /// When the last answer that is not batch was admitted, by the clock.
    private long otherAdmittedAt;
    private EngineStatus status;
    private boolean checkedIdle = true;
    private volatile @Nullable String leak;

    /// @param slots      the most sequences in the engine at a time
    /// @param steps      is told of every step that ends
    /// @param firstToken run for the first token of every answer that is not batch, before it is delivered
    /// @param clock      a monotonic clock in nanoseconds
    /// @param turn       whether the engine may compute while others of the process do
    public SharedEngine(TokenEngine engine, int slots, StepSignal steps, Runnable firstToken, LongSupplier clock,
            SuspectTurn.OfEngine turn) {
        this.engine = engine;
        this.slots = slots;
        this.steps = steps;
        this.firstToken = firstToken;
        this.clock = clock;
        otherAdmittedAt = clock.getAsLong() - OTHERS_EXPECTED_NANOS;
        this.turn = turn;
        engine.onStepEnd(steps::stepEnded);
        this.status = engine.status();
        this.trace = engine.trace();
    }

    /// Gives an answer to the engine, which computes its next tokens.
    ///
    /// @throws IllegalArgumentException if the engine could never compute it
    void admit(LiveAnswer answer, SequenceRequest request) {
        assert !answer.isAdmitted();
        long sequence = engine.admit(request);
        checkedIdle = false;
        answer.admitted(sequence);
        answers.put(sequence, answer);
        if (answer.generation().isBatch()) {
            batch++;
        } else {
            otherAdmittedAt = clock.getAsLong();
        }
    }

    /// Takes an answer from the engine; its tokens in flight are discarded.
    void release(LiveAnswer answer) {
        if (answer.isAdmitted()) {
            forget(answers.remove(answer.sequence()));
            engine.cancel(answer.sequence());
            answer.released();
        }
    }

    private void forget(@Nullable LiveAnswer answer) {
        batch -= answer != null && answer.generation().isBatch() ? 1 : 0;
    }

    /// Hands the tokens of ended steps to their answers and launches further steps. Never waits.
    ///
    /// A second step that is launched behind the running one keeps the device busy until the stream thread pumps again,
    /// but a request that arrives meanwhile joins one step later. While steps are long and at least half of the slots
    /// are free, only one step is launched, so that new requests join sooner. Slots of batch requests count as free
    /// while other requests have come lately.
    ///
    /// @param launches false if partitions that tick next in this pass begin requests and launch: a long step is then
    ///                 left to them, so that these requests join it
    /// @throws dev.flover.engine.api.EngineException if a step failed; the process has to start again
    void pump(boolean launches) {
        steps.taking();
        boolean underWay = engine.pump(this, launches || stepNanos < LONG_STEP_NANOS ? mostUnderWay() : 0);
        launched(underWay);
        status = engine.status();
        measureSteps();
        if (!underWay && !checkedIdle && status.running() + status.waiting() == 0) {
            checkIdle();
        }
    }

    /// Checks, each time the engine becomes idle, that it has freed everything that its sequences held. Anything still
    /// held was leaked by a fault of this program, and in time leaks would use up the engine.
    private void checkIdle() {
        checkedIdle = true;
        String found = answers.isEmpty() ? status.leak() : answers.size()
                + " answers wait for tokens of sequences that the engine does not have any more";
        if (found != null && leak == null) {
            LOG.error("{}; this is a fault of the program: please report it, and start the process again at a quiet "
                    + "time", found);
        }
        leak = found == null ? leak : found;
    }

    /// Launches further steps, as [#pump] does, but takes in no tokens.
    void launch() {
        launched(engine.launch(mostUnderWay()));
    }

    private void launched(boolean underWay) {
        steps.launched(underWay, freeSlots() == 0);
        turn.computes(underWay);
    }

    /// Whether no other engine of the process computes now.
    boolean isAlone() {
        return turn.isAlone();
    }

    private int mostUnderWay() {
        if (!turn.mayBegin()) {
            return 0;
        }
        int taken = clock.getAsLong() - otherAdmittedAt < OTHERS_EXPECTED_NANOS ? answers.size() - batch
                : answers.size();
        boolean newcomersCount = stepNanos >= LONG_STEP_NANOS && 2 * taken <= slots;
        return newcomersCount ? 1 : Integer.MAX_VALUE;
    }

    /// Measures the time between the ends of steps.
    private void measureSteps() {
        long ended = status.steps() - seenSteps;
        if (ended > 0) {
            long now = clock.getAsLong();
            stepNanos = (now - seenAt) / ended;
            seenAt = now;
            seenSteps += ended;
        }
    }

    /// Launches the most steps that the engine allows, because the stream thread is about to do something slow.
    void launchAhead() {
        launched(engine.launch(turn.mayBegin() ? Integer.MAX_VALUE : 0));
    }

    /// Notes that a partition was taken away. If it was the last one with answers here, nobody pumps the engine any
    /// more; its steps in progress have no answers.
    void partitionLeft() {
        if (answers.isEmpty()) {
            turn.computes(false);
        }
    }

    /// Takes all answers from the engine; their tokens in flight are discarded.
    public void releaseAll() {
        answers.keySet().forEach(engine::cancel);
        answers.clear();
        batch = 0;
    }

    @Override
    public void promptToken(
            long sequence, int position, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        var answer = answers.get(sequence);
        if (answer != null) {
            answer.promptScored(position, tokenId, logprob, alternatives);
        }
    }

    @Override
    public void token(
            long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        var answer = answers.get(sequence);
        if (answer != null) {
            if (index == 0 && !answer.generation().isBatch()) {
                firstToken.run();
            }
            answer.drawn(index, tokenId, logprob, alternatives);
        }
    }

    @Override
    public void finished(long sequence, FinishReason reason) {
        var answer = answers.remove(sequence);
        forget(answer);
        if (answer != null) {
            answer.finishedByEngine(reason);
        }
    }

    /// Records how many tokens of an answer have been written to the topic.
    void sent(LiveAnswer answer) {
        if (trace != null) {
            trace.put(StepTrace.Kind.SENT, 0, 0, answer.latestSequence(), answer.sent());
        }
    }

    /// Records a commit, if there was one since the last call. To be called before further tokens are written.
    ///
    /// @param commits the number of commits so far
    void committed(long commits) {
        if (trace != null && commits != tracedCommits) {
            tracedCommits = commits;
            trace.put(StepTrace.Kind.COMMIT, 0, 0, 0, clock.getAsLong());
        }
    }

    int freeSlots() {
        return slots - answers.size();
    }

    /// The number of free slots that batch requests do not take.
    int slotsWithoutBatch() {
        return slots >= SLOTS_TO_KEEP_ONE ? 1 : 0;
    }

    int live() {
        return answers.size();
    }

    /// A sentence about what an idle engine still held; null where all was free each time. Any thread may ask.
    public @Nullable String leak() {
        return leak;
    }

    /// The engine's status after the last pump.
    EngineStatus status() {
        return status;
    }

    String arithmetic() {
        return engine.arithmetic();
    }
}
