package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import java.util.ArrayList;
import java.util.List;

/// A record of how a workload was played: the time of every token and of every iteration, by the timeline's clock.
public final class Recording {
    private final Workload workload;
    private final long[] arrivals;
    private final long[][] times;
    private final int[][] tokens;
    private final int[] counts;
    private final int[] firstIterations;
    private final int[] lastIterations;
    private final List<Iteration> iterations = new ArrayList<>();
    private final double ticksPerSecond;
    private int finished;
    private long countedElsewhere;
    private long moves;
    private long movedBytes;

    /// One fused step.
    ///
    /// @param end       when it ended
    /// @param live      number of requests that got a token
    /// @param rows      number of slots computed, padding included
    /// @param heldBytes bytes of keys and values that were reserved for the live requests
    public record Iteration(long end, int live, int rows, long heldBytes) {}

    public Recording(Workload workload, Timeline timeline) {
        this.workload = workload;
        int count = workload.size();
        arrivals = new long[count];
        times = new long[count][];
        tokens = new int[count][];
        counts = new int[count];
        firstIterations = new int[count];
        lastIterations = new int[count];
        ticksPerSecond = timeline.ticksPerSecond();
        for (int i = 0; i < count; i++) {
            var demand = workload.demands().get(i);
            arrivals[i] = timeline.arrival(demand);
            times[i] = new long[demand.tokens()];
            tokens[i] = new int[demand.tokens()];
        }
    }

    /// Records that a request got a token in the iteration that [#iteration] will report next.
    ///
    /// @return whether it was the request's last token
    public synchronized boolean token(int request, int token, long time) {
        int index = counts[request]++;
        if (index == 0) {
            firstIterations[request] = iterations.size();
        }
        times[request][index] = time;
        tokens[request][index] = token;
        lastIterations[request] = iterations.size();
        boolean last = counts[request] == tokens[request].length;
        finished += last ? 1 : 0;
        return last;
    }

    synchronized void iteration(long end, int live, int rows, long heldBytes) {
        iterations.add(new Iteration(end, live, rows, heldBytes));
    }

    synchronized void moved(int slots, long bytes) {
        moves += slots;
        movedBytes += bytes;
    }

    /// Sets the number of iterations, for a player that cannot observe each of them.
    public void counted(long iterations) {
        countedElsewhere = iterations;
    }

    public long iterationCount() {
        return iterations.isEmpty() ? countedElsewhere : iterations.size();
    }

    public synchronized boolean isComplete() {
        return finished == arrivals.length;
    }

    public Workload workload() {
        return workload;
    }

    public long arrival(int request) {
        return arrivals[request];
    }

    /// Returns the time at which each of the request's tokens was drawn or read.
    public long[] times(int request) {
        return times[request];
    }

    public int[] tokens(int request) {
        return tokens[request];
    }

    public long completion(int request) {
        return times[request][times[request].length - 1];
    }

    public int firstIteration(int request) {
        return firstIterations[request];
    }

    public int lastIteration(int request) {
        return lastIterations[request];
    }

    /// Returns the iterations in order; empty if the player does not observe them.
    public List<Iteration> iterations() {
        return iterations;
    }

    public long moves() {
        return moves;
    }

    public long movedBytes() {
        return movedBytes;
    }

    public double ticksPerSecond() {
        return ticksPerSecond;
    }
}
