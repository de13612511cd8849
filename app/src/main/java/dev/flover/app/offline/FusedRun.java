package dev.flover.app.offline;

import dev.flover.engine.Engine;
import dev.flover.engine.api.FinishReason;
import dev.flover.engine.api.TokenSink;
import dev.flover.engine.api.TopLogprobs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Answers all requests in one engine: every step is one fused pass over all unfinished answers.
final class FusedRun implements TokenSink {
    private final Engine engine;
    private final Listener listener;
    private final Map<Long, Answer> live = new HashMap<>();
    private final List<Long> stopped = new ArrayList<>();

    /// Receives the text and the end of each answer, on the thread that calls [#run].
    interface Listener {
        void text(Answer answer, String piece);

        void ended(Answer answer);
    }

    FusedRun(Engine engine, Listener listener) {
        this.engine = engine;
        this.listener = listener;
    }

    /// @throws IllegalArgumentException if the engine's limits do not allow the request at all
    void admit(Answer answer) {
        live.put(engine.admit(answer.sequence()), answer);
    }

    /// Runs steps until every answer has ended.
    void run() {
        while (engine.step(this)) {
            stopped.forEach(engine::cancel);
            stopped.clear();
        }
        assert live.isEmpty() : live.size() + " answers never ended";
    }

    @Override
    public void token(
            long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives) {
        Answer answer = live.get(sequence);
        if (answer == null) {
            return;      // a stop string ended it; its cancellation follows
        }
        String piece = answer.append(tokenId, logprob, alternatives);
        if (!piece.isEmpty()) {
            listener.text(answer, piece);
        }
        if (answer.ended()) {
            stopped.add(sequence);
            end(sequence);
        }
    }

    @Override
    public void finished(long sequence, FinishReason reason) {
        Answer answer = live.get(sequence);
        if (answer == null) {
            return;
        }
        String piece = answer.finish(reason);
        if (!piece.isEmpty()) {
            listener.text(answer, piece);
        }
        end(sequence);
    }

    private void end(long sequence) {
        listener.ended(Objects.requireNonNull(live.remove(sequence)));
    }
}
