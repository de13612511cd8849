package dev.flover.topology.generation;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineStatus;
import dev.flover.engine.api.SequenceRequest;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.api.TokenSink;
import org.jspecify.annotations.Nullable;

/// The part of an engine that the pipeline uses. In production it is [Engine]; tests use a scripted engine with chosen
/// tokens and failures.
public interface TokenEngine extends AutoCloseable {
    long admit(SequenceRequest request);

    void cancel(long sequence);

    /// Takes in ended steps and launches further ones, without waiting.
    ///
    /// @param underWay the most steps in progress afterwards
    /// @return whether any step is in progress
    boolean pump(TokenSink sink, int underWay);

    /// As [#pump], but takes in no ended steps.
    boolean launch(int underWay);

    /// Runs `wake` on another thread whenever a step ends.
    void onStepEnd(Runnable wake);

    EngineStatus status();

    String arithmetic();

    /// The trace in which the engine records its steps, if it has one.
    default @Nullable StepTrace trace() {
        return null;
    }

    @Override
    void close();

    /// Wraps an engine; closing the wrapper closes the engine.
    static TokenEngine of(Engine engine) {
        return new OfEngine(engine);
    }

    /// An engine of this process.
    record OfEngine(Engine engine) implements TokenEngine {
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
        public @Nullable StepTrace trace() {
            return engine.trace();
        }

        @Override
        public void close() {
            engine.close();
        }
    }
}
