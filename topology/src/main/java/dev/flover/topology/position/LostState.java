package dev.flover.topology.position;

/// The policy of a group that finds at its start that its offsets and its state do not fit each other, because some of
/// them were deleted.
public enum LostState {
    /// The group does not start before the operator has chosen one of the other values.
    STOP,
    /// All requests that the topic still holds are read again. Requests that are known or have a result are passed
    /// over; all others are computed.
    REREAD,
    /// Only requests that were not read yet are answered. A request that was read and has no answer stays without one.
    ABANDON
}
