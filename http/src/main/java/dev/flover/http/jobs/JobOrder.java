package dev.flover.http.jobs;

/// What a user wants of a job; the last order counts.
public enum JobOrder {
    RUN,
    /// No further lines are sent; those under way are answered.
    PAUSE,
    /// No further lines are sent, and those under way are cancelled. A cancelled job does not go on.
    CANCEL
}
