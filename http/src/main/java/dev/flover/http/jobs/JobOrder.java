package dev.flover.http.jobs;

/// A user's order for a job. Of several orders, the last one applies.
public enum JobOrder {
    RUN,
    /// No further lines are sent; those under way are answered.
    PAUSE,
    /// No further lines are sent, and those under way are cancelled. A cancelled job does not go on.
    CANCEL
}
