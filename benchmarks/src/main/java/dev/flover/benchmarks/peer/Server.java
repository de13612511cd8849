package dev.flover.benchmarks.peer;

import dev.flover.benchmarks.workload.Workload;

/// A server that answers requests over the network.
interface Server extends AutoCloseable {
    String name();

    /// Sends each request when it arrives, and returns when all are answered.
    ///
    /// @param workload the arrivals; the unit of time is a ms
    /// @param prompts  token ids of each request
    Answers answer(Workload workload, int[][] prompts);

    @Override
    void close();
}
