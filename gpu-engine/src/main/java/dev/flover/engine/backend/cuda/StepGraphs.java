package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.driver.Driver;
import java.util.HashMap;
import java.util.Map;

/// A captured graph for each pair of buckets, of rows and of samples, with and without the draw. So a step takes one
/// launch instead of hundreds.
///
/// The first step of a pair runs without recording, so that all memory that is allocated on first use is allocated. The
/// second step is recorded, and its graph is replayed from then on. Graphs contain no lengths, positions or counts,
/// which the kernels read from the plan.
final class StepGraphs {
    private static final int MOST_GRAPHS = 256;
    /// Stands for the graph of a pair that has run once.
    private static final int NOT_YET = -1;

    private final Driver driver;
    private final Runnable recorded;
    private final Map<Long, Integer> graphs = new HashMap<>();

    /// @param recorded called after a step was recorded and before it is launched
    StepGraphs(Driver driver, Runnable recorded) {
        this.driver = driver;
        this.recorded = recorded;
    }

    /// Runs the step's verbs, or replays their recording.
    ///
    /// @param draws whether the verbs end with the draw
    void run(int rowBucket, int sampleBucket, boolean draws, Runnable verbs) {
        Long key = (long) rowBucket << 33 | (long) sampleBucket << 1 | (draws ? 1 : 0);
        Integer graph = graphs.get(key);
        if (graph == null) {
            verbs.run();
            if (graphs.size() < MOST_GRAPHS) {
                graphs.put(key, NOT_YET);
            }
        } else {
            if (graph == NOT_YET) {
                graph = capture(verbs);
                graphs.put(key, graph);
                recorded.run();
            }
            driver.launchGraph(graph);
        }
    }

    private int capture(Runnable verbs) {
        driver.beginCapture();
        verbs.run();
        return driver.endCapture();
    }
}
