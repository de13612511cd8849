package dev.flover.benchmarks.peer;

import dev.flover.app.bench.workload.Workload;

/// Something that answers requests over the wire.
interface Server extends AutoCloseable {
    String name();

    /// Sends each request when it arrives, and returns when all are answered.
    ///
    /// @param workload in milliseconds
    /// @param prompts  token ids, by request
    Answers answer(Workload workload, int[][] prompts);

    @Override
    void close();
}
