package dev.flover.app.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
