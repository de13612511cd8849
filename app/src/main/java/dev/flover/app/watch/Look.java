package dev.flover.app.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.connection.PipelineListener;
import dev.flover.app.options.CommandException;

/// The figures of a pipeline at one moment.
///
/// @param nanos  when they were read, by a monotonic clock
/// @param status the object of the page `/status`
record Look(long nanos, JsonNode status) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Look at(PipelineListener listener) {
        var status = read(listener, "/status");
        return new Look(System.nanoTime(), status);
    }

    /// Returns a page as JSON.
    ///
    /// @throws CommandException if it is not JSON
    static JsonNode read(PipelineListener listener, String path) {
        try {
            return JSON.readTree(listener.get(path));
        } catch (JsonProcessingException e) {
            throw new CommandException("the page " + listener.url() + path + " is not JSON; is it a pipeline's?", e);
        }
    }

    long number(String name) {
        return status.path(name).asLong();
    }

    String text(String name) {
        return status.path(name).asText();
    }

    /// Returns by how much a counter has grown a second since an earlier look; 0 if the pipeline has started anew.
    double rateSince(Look earlier, String name) {
        double seconds = (nanos - earlier.nanos) / 1e9;
        return seconds <= 0 ? 0 : Math.max(0, number(name) - earlier.number(name)) / seconds;
    }
}
