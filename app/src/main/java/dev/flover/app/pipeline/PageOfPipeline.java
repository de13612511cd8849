package dev.flover.app.pipeline;

import dev.flover.app.page.PageSource;
import dev.flover.engine.api.StepTrace;
import dev.flover.topology.generation.GenerationList;
import dev.flover.topology.notes.GenerationNotes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The page's data, from a pipeline in this process.
///
/// @param traces  one for each engine
/// @param running the pipeline; null while it starts
public record PageOfPipeline(List<StepTrace> traces, Figures figuresOf, Supplier<LocalPipeline> running)
        implements PageSource {
    /// The number of entries that the trace keeps: those of some seconds of a busy engine.
    private static final int ENTRIES = 1 << 17;

    /// Makes a trace for an engine whose pipeline the page shows.
    public static StepTrace newTrace() {
        return new StepTrace(ENTRIES);
    }

    @Override
    public Optional<GenerationNotes> notes() {
        return Optional.ofNullable(running.get()).map(LocalPipeline::notes);
    }

    @Override
    public Map<String, Object> figures() {
        return figuresOf.values();
    }

    @Override
    public Map<String, Double> threadSeconds() {
        return figuresOf.threadSeconds();
    }

    @Override
    public List<GenerationList.Row> generations() {
        var pipeline = running.get();
        return pipeline == null ? List.of() : pipeline.latestGenerations();
    }

    @Override
    public Map<Integer, Long> lags() {
        return figuresOf.lags();
    }

    @Override
    public Map<Integer, Long> restoring() {
        var pipeline = running.get();
        return pipeline == null ? Map.of() : pipeline.restoring();
    }
}
