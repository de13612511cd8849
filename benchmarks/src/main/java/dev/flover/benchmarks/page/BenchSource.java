package dev.flover.benchmarks.page;

import dev.flover.app.page.PageSource;
import dev.flover.engine.api.StepTrace;
import dev.flover.topology.generation.GenerationList.Row;
import dev.flover.topology.generation.GenerationList.State;
import dev.flover.topology.notes.GenerationNotes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// A page's source whose steps are those of an engine, with a list of generations of usual size.
record BenchSource(List<StepTrace> traces) implements PageSource {
    private static final List<Row> ROWS = IntStream.range(0, 64)
            .mapToObj(i -> new Row("generation-" + i, "", State.LIVE, i % 4, 16, i, 256, i)).toList();

    @Override
    public Optional<GenerationNotes> notes() {
        return Optional.empty();
    }

    @Override
    public Map<String, Object> figures() {
        return Map.of("state", "ready", "live", ROWS.size());
    }

    @Override
    public Map<String, Double> threadSeconds() {
        return Map.of();
    }

    @Override
    public List<Row> generations() {
        return ROWS;
    }

    @Override
    public Map<Integer, Long> lags() {
        return Map.of();
    }

    @Override
    public Map<Integer, Long> restoring() {
        return Map.of();
    }
}
