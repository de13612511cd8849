package dev.flover.topology.metrics;

/// Measures consecutive parts of a stream thread's work, each from the end of the one before.
public final class Laps {
    private final PipelineMetrics metrics;
    private long since;

    public Laps(PipelineMetrics metrics) {
        this.metrics = metrics;
    }

    /// Begins the first part.
    public void begin() {
        since = System.nanoTime();
    }

    /// Ends a part and begins the next one.
    public void end(TickPart part) {
        long now = System.nanoTime();
        metrics.spent(part, now - since);
        since = now;
    }
}
