package dev.flover.http.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The parameters with which a client of OpenAI's API created a batch.
///
/// @param tenant    the tenant that may see the batch; null if the bridge needs no tokens
/// @param inputFile id of the file with its lines
/// @param window    the completion window as the client wrote it, such as `24h`
/// @param keepMs    how long its output files can be read after its end, ms
/// @param errors    if no line could be used: the first errors, as JSON of [dev.flover.schemas.lines.BatchError]
@JsonIgnoreProperties(ignoreUnknown = true)
public record BatchCall(
        @JsonProperty("tenant") @Nullable String tenant,
        @JsonProperty("input_file") String inputFile,
        @JsonProperty("endpoint") String endpoint,
        @JsonProperty("window") String window,
        @JsonProperty("metadata") Map<String, String> metadata,
        @JsonProperty("keep_ms") long keepMs,
        @JsonProperty("errors") List<String> errors) {
    public BatchCall {
        metadata = Map.copyOf(metadata);
        errors = List.copyOf(errors);
    }

    BatchCall with(List<String> found) {
        return new BatchCall(tenant, inputFile, endpoint, window, metadata, keepMs, found);
    }
}
