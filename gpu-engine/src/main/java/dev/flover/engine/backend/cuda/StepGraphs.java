package dev.flover.engine.backend.cuda;

import java.util.HashMap;
import java.util.Map;

/// A captured graph for each pair of buckets, of rows and of sampling rows, with and without the draw: one launch for
/// hundreds.
///
/// The first step of a pair runs as it is, and with it everything that is allocated at first use; the second is
/// recorded and from then on replayed. Graphs hold no lengths, positions or counts: kernels read those from the plan.
final class StepGraphs {
    private static final int MOST_GRAPHS = 256;
    /// In place of a graph: the pair has run once.
    private static final int NOT_YET = -1;

    private final Driver driver;
    private final Map<Long, Integer> graphs = new HashMap<>();

    StepGraphs(Driver driver) {
        this.driver = driver;
    }

    /// Runs the step's verbs, or what they were recorded as.
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
