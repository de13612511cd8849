package dev.flover.app.batch;

import dev.flover.app.batch.files.Outcomes;
import dev.flover.http.jobs.JobsClient;
import dev.flover.http.jobs.JobsView;
import dev.flover.http.jobs.ResultsReader;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A job that a pipeline's process feeds. Its end is known when all its lines have an outcome, or when its final state
/// and all results before that have been read.
final class FollowedJob implements Feed {
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    private final JobsClient client;
    private final ResultsReader results;
    private final Outcomes outcomes;
    private final Consumer<byte[]> wrongLine;
    private JobsView.Known known;
    private long lookedNanos = System.nanoTime();
    private boolean begun;
    private @Nullable Map<Integer, Long> ends;

    /// @param wrongLine takes the error of a line that is not a request, as JSON
    FollowedJob(JobsClient client, ResultsReader results, Outcomes outcomes, Consumer<byte[]> wrongLine,
            JobsView.Known known) {
        this.client = client;
        this.results = results;
        this.outcomes = outcomes;
        this.wrongLine = wrongLine;
        this.known = known;
    }

    @Override
    public void feed() {
        if (!begun) {
            begun = true;
            client.wrongLines(known.job(), wrongLine);
        }
        if (System.nanoTime() - lookedNanos >= LOOK_NANOS) {
            lookedNanos = System.nanoTime();
            known = client.job(known.job().id());
        }
        if (known.state().isFinal() && ends == null) {
            ends = results.ends();
        }
    }

    @Override
    public void ended(long line) {}

    /// Does nothing: the process that feeds the job ends it at its deadline.
    @Override
    public void expire() {}

    @Override
    public int live() {
        return known.state().open().size();
    }

    @Override
    public boolean isOver() {
        if (outcomes.done().cardinality() >= known.job().span().all()) {
            return true;
        }
        if (ends == null) {
            return false;
        }
        var read = results.positions();
        return ends.entrySet().stream().allMatch(end -> read.getOrDefault(end.getKey(), 0L) >= end.getValue());
    }

    JobsView.Known known() {
        return known;
    }
}
