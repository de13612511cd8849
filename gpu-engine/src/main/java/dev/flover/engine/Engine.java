package dev.flover.engine;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.model.Model;

/// Fuses the generation of all its sequences: every step is one forward pass over everything that can make progress.
///
/// Owned by one thread, which turns the crank: [#pump] from a punctuator, [#step] from a loop.
public final class Engine implements AutoCloseable {

    /// Brings the weights to the backend (slow) and takes ownership of it.
    public static Engine start(Model model, Backend backend, EngineConfig config) {
        throw new EngineException("being written");
    }

    /// Takes a sequence in; it joins at the next step with room for it.
    ///
    /// @return its id, never used before by this engine
    /// @throws IllegalArgumentException if it could never be computed: token ids out of range, longer than the
    ///                                  context, or more blocks than there are
    public long admit(SequenceRequest request) {
        throw new EngineException("being written");
    }

    /// Forgets a sequence: nothing more is reported for it and its blocks are free at the next step. Unknown and ended
    /// ids are ignored.
    public void cancel(long sequence) {
        throw new EngineException("being written");
    }

    /// Reports what finished steps produced, then launches steps until `stepsInFlight` are under way. Never waits.
    ///
    /// @return whether any step is under way now
    /// @throws EngineException if a step failed; the engine cannot go on and must be closed
    public boolean pump(TokenSink sink) {
        throw new EngineException("being written");
    }

    /// As [#pump], but first waits for the oldest step under way.
    ///
    /// @return whether anything is left to do
    public boolean step(TokenSink sink) {
        throw new EngineException("being written");
    }

    /// Runs `wake` on another thread whenever a step ends, so that an owner that sleeps can come and pump.
    public void onStepEnd(Runnable wake) {
        throw new EngineException("being written");
    }

    /// Counters since the start and gauges of this moment.
    public EngineStatus status() {
        throw new EngineException("being written");
    }

    /// What progress made here is marked with: equal fingerprints give equal tokens.
    public String arithmetic() {
        throw new EngineException("being written");
    }

    @Override
    public void close() {}
}
