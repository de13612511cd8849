package dev.flover.benchmarks.fusion.strategies;

import dev.flover.benchmarks.workload.Workload;
import dev.flover.engine.Backends;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.model.Model;
import java.util.Random;

/// The parts that all strategies share: model, device and prompts.
///
/// @param threads       threads that compute on a host backend; 0 for one per core
/// @param positionBytes bytes of the keys and values of one position
/// @param seed          seed of the prompts
public record Stage(Model model, String backend, int threads, long positionBytes, long seed) {
    public Backend open() {
        return Backends.open(backend, threads);
    }

    /// Returns a request's prompt: random token ids of the request's length.
    public int[] prompt(Workload workload, int request) {
        return new Random(seed * 1_000_003 + request)
                .ints(workload.demands().get(request).promptTokens(), 0, model.config().vocabulary()).toArray();
    }

    /// Returns the rows of a step in which all requests join.
    static int mostRows(Workload workload) {
        return workload.size() * (workload.longestPrompt() + 1);
    }
}
