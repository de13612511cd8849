package dev.flover.topology;

/// The state of the pipeline, for a health probe or a person.
///
/// @param detail one sentence
public record Health(State state, String detail) {
    /// The states of a pipeline.
    public enum State {
        /// The pipeline waits for the broker, the topics or the registry, or restores its state.
        STARTING,
        /// The pipeline has its partitions and serves them.
        READY,
        /// The pipeline has its partitions, but no broker answers.
        CUT_OFF,
        /// Partitions are moving between instances.
        REBALANCING,
        /// The pipeline was told to stop.
        STOPPED,
        /// The pipeline cannot go on; everything that is stored remains.
        FAILED
    }

    /// Whether a supervisor should leave the process running, rather than restart it.
    public boolean isAlive() {
        return state != State.FAILED;
    }

    public boolean isReady() {
        return state == State.READY;
    }
}
