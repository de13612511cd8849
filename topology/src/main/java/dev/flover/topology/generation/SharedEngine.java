package dev.flover.topology.generation;

import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import dev.flover.topology.streams.StepSignal;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one engine of a process, shared by the partitions of its one stream thread, and the way of each token to the
/// answer it belongs to.
///
/// Whoever pumps it moves it on for all. Sequence ids are never used twice, so tokens that are still in flight for a
/// released answer find nobody and are discarded.
public final class SharedEngine implements TokenSink {
    private static final Logger LOG = LoggerFactory.getLogger(SharedEngine.class);

    /// Between two steps the device would wait for the owner, some 0.3 ms: too much where steps are shorter than this.
    private static final long LONG_STEP_NANOS = 8_000_000;

    private final TokenEngine engine;
    private final int slots;
    private final StepSignal steps;
    private final Runnable firstToken;
    private final LongSupplier clock;
    private long seenSteps;
    private long seenAt;
    private long stepNanos;
    private final Map<Long, LiveAnswer> answers = new HashMap<>();
    private EngineStatus status;
    private boolean checkedIdle = true;
    private volatile String leak;

    /// @param slots      sequences to have in the engine at once
    /// @param steps      told of every step that ends
    /// @param firstToken told of every answer's first token, before it is delivered
    /// @param clock      nanoseconds from any origin
    public SharedEngine(TokenEngine engine, int slots, StepSignal steps, Runnable firstToken, LongSupplier clock) {
        this.engine = engine;
        this.slots = slots;
        this.steps = steps;
        this.firstToken = firstToken;
        this.clock = clock;
        engine.onStepEnd(steps::stepEnded);
        this.status = engine.status();
    }

    /// Lets the engine compute an answer's next tokens.
    ///
    /// @throws IllegalArgumentException if the engine could never compute it
    void admit(LiveAnswer answer, SequenceRequest request) {
        assert !answer.isAdmitted();
        long sequence = engine.admit(request);
        checkedIdle = false;
        answer.admitted(sequence);
        answers.put(sequence, answer);
    }

    /// The engine forgets the answer; its tokens in flight are discarded.
    void release(LiveAnswer answer) {
        if (answer.isAdmitted()) {
            answers.remove(answer.sequence());
            engine.cancel(answer.sequence());
            answer.released();
        }
    }

    /// Hands the tokens of ended steps to their answers and launches further steps. Never waits.
    ///
    /// A step that is ready behind the one under way keeps the device busy until the owner comes again, and what
    /// arrives meanwhile joins a step later. While half of the slots are free and steps are long, newcomers count more.
    ///
    /// @throws dev.flover.engine.api.EngineException if a step failed; the process has to start again
    void pump() {
        steps.taking();
        boolean underWay = engine.pump(this, mostUnderWay());
        launched(underWay);
        status = engine.status();
        measureSteps();
        if (!underWay && !checkedIdle && status.running() + status.waiting() == 0) {
            checkIdle();
        }
    }

    /// Looks, each time that the engine becomes idle, whether all that it and the way of its tokens held is free again.
    /// What is not was lost by a fault of this program: in time it would use the engine up.
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

    /// Launches further steps, as [#pump] does, and takes nothing in.
    void launch() {
        launched(engine.launch(mostUnderWay()));
    }

    private void launched(boolean underWay) {
        steps.launched(underWay, freeSlots() == 0);
    }

    private int mostUnderWay() {
        boolean newcomersCount = stepNanos >= LONG_STEP_NANOS && 2 * answers.size() <= slots;
        return newcomersCount ? 1 : Integer.MAX_VALUE;
    }

    /// How far apart steps end.
    private void measureSteps() {
        long ended = status.steps() - seenSteps;
        if (ended > 0) {
            long now = clock.getAsLong();
            stepNanos = (now - seenAt) / ended;
            seenAt = now;
            seenSteps += ended;
        }
    }

    /// The owner is about to do something that takes long.
    void launchAhead() {
        launched(engine.launch(Integer.MAX_VALUE));
    }

    /// Nothing that is in flight is wanted any more.
    public void releaseAll() {
        answers.keySet().forEach(engine::cancel);
        answers.clear();
    }

    @Override
    public void promptToken(
            long sequence, int position, int tokenId, float logprob, TopLogprobs alternatives) {
        var answer = answers.get(sequence);
        if (answer != null) {
            answer.promptScored(position, tokenId, logprob, alternatives);
        }
    }

    @Override
    public void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives) {
        var answer = answers.get(sequence);
        if (answer != null) {
            if (index == 0) {
                firstToken.run();
            }
            answer.drawn(index, tokenId, logprob, alternatives);
        }
    }

    @Override
    public void finished(long sequence, FinishReason reason) {
        var answer = answers.remove(sequence);
        if (answer != null) {
            answer.finishedByEngine(reason);
        }
    }

    int freeSlots() {
        return slots - answers.size();
    }

    int live() {
        return answers.size();
    }

    /// What an idle engine still held, as a sentence; null where all was free each time. Any thread may ask.
    public String leak() {
        return leak;
    }

    /// As it was after the last pump.
    EngineStatus status() {
        return status;
    }

    String arithmetic() {
        return engine.arithmetic();
    }
}
