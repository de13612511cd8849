package dev.flover.topology.generation;

/// Whether a request that ended the last life of this process (a poison pill) may be about to be computed again.
///
/// While it holds, no request is computed before the attempt is durable; otherwise a request that kills the process in
/// its first step would be read as a new one after each restart and never be recognised. It costs new requests one
/// commit, so it holds only for a while after a life that ended badly.
///
/// @param until wall-clock ms
public record Caution(long until) {
    public static Caution none() {
        return new Caution(Long.MIN_VALUE);
    }

    boolean holds(long now) {
        return now < until;
    }
}
