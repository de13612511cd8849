package dev.flover.topology.position;

/// How a group goes on whose offsets and state do not fit each other, because some of it was deleted.
public enum LostState {
    /// It does not start before the operator has chosen one of the others.
    STOP,
    /// The kept requests are read again. Those that are known, or have a result, are passed over; the others are
    /// computed.
    REREAD,
    /// Requests that were not read yet are answered. Those that were read and have no answer stay without one.
    ABANDON
}
