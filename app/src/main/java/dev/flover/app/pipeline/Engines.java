package dev.flover.app.pipeline;

import dev.flover.app.options.LoadingLine;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.StepTrace;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The engines of a process, which all compute one model.
///
/// @param all at least one
record Engines(List<Engine> all) implements AutoCloseable {
    /// Loads the model for one engine after another, and takes ownership of the backends.
    ///
    /// @param err where progress is shown
    static Engines start(Model model, List<BackendGroup> backends, EngineConfig config, PrintWriter err) {
        var started = new ArrayList<Engine>();
        try {
            for (var backend : backends) {
                started.add(LoadingLine.start(model, backend, config, err));
            }
            return new Engines(List.copyOf(started));
        } catch (RuntimeException | Error e) {
            started.forEach(Engine::close);
            backends.subList(Math.min(started.size() + 1, backends.size()), backends.size())
                    .forEach(BackendGroup::close);     // the engine that failed has closed its own
            throw e;
        }
    }

    /// The number of KV blocks of all engines together.
    long blocks() {
        return all.stream().mapToLong(engine -> engine.status().blocks()).sum();
    }

    /// Lets each engine record its steps in a trace of its own.
    List<StepTrace> recordTo(Supplier<StepTrace> traces) {
        return all.stream().map(engine -> {
            var trace = traces.get();
            engine.recordTo(trace);
            return trace;
        }).toList();
    }

    @Override
    public void close() {
        all.forEach(Engine::close);
    }
}
