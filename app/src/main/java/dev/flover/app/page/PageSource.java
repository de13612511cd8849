package dev.flover.app.page;

import dev.flover.engine.api.StepTrace;
import dev.flover.topology.generation.GenerationList;
import dev.flover.topology.notes.GenerationNotes;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The data of a pipeline that the page shows. Read on the page's threads; no method waits for the stream thread.
public interface PageSource {
    /// The traces of the steps, one for each engine of the process.
    List<StepTrace> traces();

    /// Empty while the pipeline starts.
    Optional<GenerationNotes> notes();

    /// The figures of `flover status`, by name.
    Map<String, Object> figures();

    /// The time in seconds that the stream thread has spent since the start, by part of its work, such as `commit`.
    Map<String, Double> threadSeconds();

    /// The waiting and the live generations, about a second old.
    List<GenerationList.Row> generations();

    /// The lag of each partition of the requests topic that this process reads, in records.
    Map<Integer, Long> lags();

    /// The records that are still to be restored, by partition; without the partitions that are restored.
    Map<Integer, Long> restoring();
}
