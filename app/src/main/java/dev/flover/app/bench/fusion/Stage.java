package dev.flover.app.bench.fusion;

import dev.flover.app.bench.workload.Workload;
import dev.flover.engine.Backends;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.model.Model;
import java.util.Random;

/// What all strategies have in common: the model, the device and the prompts.
///
/// @param threads       that compute, on a host backend; 0 for one a core
/// @param positionBytes keys and values of one position
/// @param seed          of the prompts
record Stage(Model model, String backend, int threads, long positionBytes, long seed) {
    Backend open() {
        return Backends.open(backend, threads);
    }

    /// Random token ids, of the length that the request has.
    int[] prompt(Workload workload, int request) {
        return new Random(seed * 1_000_003 + request)
                .ints(workload.demands().get(request).promptTokens(), 0, model.config().vocabulary()).toArray();
    }

    /// Rows of a step in which everybody joins at once.
    static int mostRows(Workload workload) {
        return workload.size() * (workload.longestPrompt() + 1);
    }
}
