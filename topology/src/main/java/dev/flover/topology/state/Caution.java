package dev.flover.topology.state;

/// Tells for how long a process has to expect that a request that ended the previous process (a poison pill) is
/// computed again.
///
/// While that is so, no request is computed before its attempt is committed. Otherwise a request that kills the process
/// in its first step would be read as a new one after each restart, and would never be recognised. This costs new
/// requests one commit each; therefore it holds only for a while after a process that ended badly.
///
/// @param until end of the cautious time, in ms
public record Caution(long until) {
    public static Caution none() {
        return new Caution(Long.MIN_VALUE);
    }

    /// @param now time in ms
    public boolean holds(long now) {
        return now < until;
    }
}
