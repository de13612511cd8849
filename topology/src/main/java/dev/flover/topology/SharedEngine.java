package dev.flover.topology;

import dev.flover.engine.EngineStatus;
import dev.flover.engine.FinishReason;
import dev.flover.engine.SequenceRequest;
import dev.flover.engine.TokenSink;
import dev.flover.engine.TopLogprobs;
import java.util.HashMap;
import java.util.Map;

/// The one engine of a process, shared by the partitions of its one stream thread, and the way of each token to the
/// answer it belongs to.
///
/// Whoever pumps it moves it on for all. Sequence ids are never used twice, so tokens that are still in flight for a
/// released answer find nobody and are discarded.
final class SharedEngine implements TokenSink {
    private final TokenEngine engine;
    private final int slots;
    private final StepSignal steps;
    private final Map<Long, LiveAnswer> answers = new HashMap<>();
    private volatile EngineStatus status;

    /// @param slots sequences to have in the engine at once
    /// @param steps told of every step that ends
    SharedEngine(TokenEngine engine, int slots, StepSignal steps) {
        this.engine = engine;
        this.slots = slots;
        this.steps = steps;
        engine.onStepEnd(steps::stepEnded);
        this.status = engine.status();
    }

    /// Lets the engine compute an answer's next tokens.
    ///
    /// @throws IllegalArgumentException if the engine could never compute it
    void admit(LiveAnswer answer, SequenceRequest request) {
        assert !answer.isAdmitted();
        long sequence = engine.admit(request);
        answer.admitted(sequence);
        answers.put(sequence, answer);
    }

    /// The engine forgets the answer; what is in flight for it is discarded.
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
    /// arrives meanwhile joins a step later. While half of the slots are free, it is the newcomers that count.
    ///
    /// @throws dev.flover.engine.EngineException if a step failed; the process has to start again
    void pump() {
        steps.taking();
        steps.launched(engine.pump(this, 2 * answers.size() > slots ? Integer.MAX_VALUE : 1));
        status = engine.status();
    }

    /// The owner is about to do something that takes long.
    void launchAhead() {
        steps.launched(engine.launchAhead());
    }

    /// Nothing that is in flight is wanted any more.
    void releaseAll() {
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

    /// As it was after the last pump. Any thread may ask.
    EngineStatus status() {
        return status;
    }

    String arithmetic() {
        return engine.arithmetic();
    }
}
