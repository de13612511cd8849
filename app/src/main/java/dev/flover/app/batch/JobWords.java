package dev.flover.app.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.batch.files.JobProgress;
import dev.flover.http.jobs.JobsView;
import java.time.Instant;

/// Describes a job for people and for programs.
final class JobWords {
    private JobWords() {}

    static String line(JobsView.Known known) {
        var state = known.state();
        var span = known.job().span();
        return known.job().id() + "  " + known.word() + "  " + state.counts().answered() + " of " + span.all()
                + " lines answered, " + (state.counts().failed() + span.wrong()) + " failed, " + state.open().size()
                + " live  "
                + known.job().name() + "  " + Instant.ofEpochMilli(known.job().createdMs())
                + (state.message().isEmpty() ? "" : "  (" + state.message() + ")");
    }

    /// @param written the record that a command keeps beside the answers that it writes
    static String line(JobProgress written) {
        var tally = written.tally();
        return written.job() + "  " + word(written) + "  " + tally.answered() + " lines answered, " + tally.failed()
                + " failed; " + tally.tokensOut() + " tokens in " + tally.runMs() / 1_000 + " s";
    }

    private static String word(JobProgress written) {
        return written.finished() ? "done" : "not done";
    }

    static ObjectNode json(JobProgress written) {
        var tally = written.tally();
        return JsonNodeFactory.instance.objectNode().put("job", written.job()).put("state", word(written))
                .put("created_ms", written.startedMs()).put("answered", tally.answered())
                .put("failed", tally.failed()).put("tokens_in", tally.tokensIn())
                .put("tokens_out", tally.tokensOut()).put("run_ms", tally.runMs());
    }

    static ObjectNode json(JobsView.Known known) {
        var state = known.state();
        return JsonNodeFactory.instance.objectNode().put("job", known.job().id()).put("state", known.word())
                .put("message", state.message()).put("name", known.job().name())
                .put("created_ms", known.job().createdMs()).put("lines", known.job().span().all())
                .put("answered", state.counts().answered())
                .put("failed", state.counts().failed() + known.job().span().wrong())
                .put("live", state.open().size()).put("tokens_in", state.counts().tokensIn())
                .put("tokens_out", state.counts().tokensOut());
    }
}
