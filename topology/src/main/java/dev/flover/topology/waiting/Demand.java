package dev.flover.topology.waiting;

/// The greatest need of the requests of a stream thread at present. It decides when results are committed.
public enum Demand {
    /// No request waits for room in the engine, or only batch requests do, while others are computed.
    TOKENS,
    /// Requests that are not batch wait for room in the engine, or batch requests do while nothing but batch is
    /// computed.
    THROUGHPUT,
    /// Beside batch requests that are computed, one or more other requests wait for room or for their first tokens, and
    /// none has its first tokens.
    FIRST_TOKENS
}
