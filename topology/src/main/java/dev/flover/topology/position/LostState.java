package dev.flover.topology.position;

/// What is done where a group's offsets and its state do not fit each other, because some of it was deleted.
public enum LostState {
    /// Nothing is read before somebody has chosen one of the others.
    STOP,
    /// The kept requests are read again. Those that are known, or have a result, are passed over; the others are
    /// computed.
    REREAD,
    /// What was not read yet is answered. Requests that were read and have no answer stay without one.
    ABANDON
}
