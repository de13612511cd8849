package dev.flover.topology;

/// How the pipeline is, for a probe or a person.
///
/// @param detail one sentence
public record Health(State state, String detail) {
    public enum State {
        /// Waits for the broker, the topics or the registry, or restores its state.
        STARTING,
        /// Has its partitions and serves them.
        READY,
        /// Has its partitions, and no broker answers.
        CUT_OFF,
        /// Partitions are moving between instances.
        REBALANCING,
        /// Was told to stop.
        STOPPED,
        /// Cannot go on; nothing stored is lost.
        FAILED
    }

    /// Whether a supervisor should leave the process alone, rather than restart it.
    public boolean isAlive() {
        return state != State.FAILED;
    }

    public boolean isReady() {
        return state == State.READY;
    }
}
