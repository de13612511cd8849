package dev.flover.topology.generation;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.TokenSink;

/// What the pipeline asks of an engine. In production that is [Engine]; tests script one whose tokens, failures and
/// poison they choose.
public interface TokenEngine extends AutoCloseable {
    long admit(SequenceRequest request);

    void cancel(long sequence);

    /// @param underWay most steps to have under way afterwards
    /// @return whether any is
    boolean pump(TokenSink sink, int underWay);

    /// As [#pump], but reports nothing.
    boolean launch(int underWay);

    /// Runs `wake` on another thread whenever a step ends.
    void onStepEnd(Runnable wake);

    EngineStatus status();

    String arithmetic();

    @Override
    void close();

    /// The engine itself; closing this closes it.
    static TokenEngine of(Engine engine) {
        return new TokenEngine() {
            @Override
            public long admit(SequenceRequest request) {
                return engine.admit(request);
            }

            @Override
            public void cancel(long sequence) {
                engine.cancel(sequence);
            }

            @Override
            public boolean pump(TokenSink sink, int underWay) {
                return engine.pump(sink, underWay);
            }

            @Override
            public boolean launch(int underWay) {
                return engine.launch(underWay);
            }

            @Override
            public void onStepEnd(Runnable wake) {
                engine.onStepEnd(wake);
            }

            @Override
            public EngineStatus status() {
                return engine.status();
            }

            @Override
            public String arithmetic() {
                return engine.arithmetic();
            }

            @Override
            public void close() {
                engine.close();
            }
        };
    }
}
