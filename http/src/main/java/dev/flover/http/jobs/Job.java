package dev.flover.http.jobs;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The record of a job. It is written once, when all lines of the job are in the lines topic.
///
/// @param id         the first part of the ids of its requests
/// @param name       the file's name, for people
/// @param createdMs  ms since 1970
/// @param deadlineMs ms since 1970 after which its remaining lines are not answered; 0 for none
/// @param model      the name of the model that answers lines which name none, for the bodies of their answers; null if
///                   it is not known
/// @param call       the call of OpenAI's API that made the job; null if a command did
@JsonIgnoreProperties(ignoreUnknown = true)
public record Job(
        @JsonProperty("id") String id,
        @JsonProperty("name") String name,
        @JsonProperty("created_ms") long createdMs,
        @JsonProperty("deadline_ms") long deadlineMs,
        @JsonProperty("model") @Nullable String model,
        @JsonProperty("span") JobSpan span,
        @JsonProperty("call") @Nullable BatchCall call) {
    public Job {
        Objects.requireNonNull(span, "span");
    }

    /// Returns the call of OpenAI's API that made the job.
    ///
    /// @throws NullPointerException if a command made it
    public BatchCall madeBy() {
        return Objects.requireNonNull(call, "a command made the job");
    }
}
