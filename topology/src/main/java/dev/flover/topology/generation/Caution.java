package dev.flover.topology.generation;

/// Whether what ended the last life of this process may be about to be computed again.
///
/// While it holds, nothing is computed before the attempt to do so is durable; otherwise a request that kills the
/// process in its first step would be read again as new each time and never be found out. It costs new requests one
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
