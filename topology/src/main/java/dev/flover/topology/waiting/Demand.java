package dev.flover.topology.waiting;

/// What the requests of a process need most at present. It decides when results are committed.
public enum Demand {
    /// Nobody waits, or readers wait for the tokens of several answers.
    TOKENS,
    /// Requests wait for room in the engine, or nothing but batch is computed.
    THROUGHPUT,
    /// Beside batch requests, one or more other requests wait for their first tokens, and nobody waits for other tokens
    /// than these.
    FIRST_TOKENS
}
