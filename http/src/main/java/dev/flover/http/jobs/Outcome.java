package dev.flover.http.jobs;

import dev.flover.schemas.lines.BatchError;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.charset.StandardCharsets;

/// The end of one line of the input: an answer, or the reason why there is none.
///
/// @param line      number of the line, from 1
/// @param bytes     the line that is written for it, without its end
/// @param failed    whether it belongs into the file of errors
/// @param cached    whether the answer came from the pipeline's response cache
/// @param partition of the results topic; -1 if there is no record for this line
/// @param offset    of the record in that partition; -1 if there is none
@RecordBuilder
public record Outcome(long line, byte[] bytes, boolean failed, boolean cached, int promptTokens, int completionTokens,
        int partition, long offset) implements OutcomeBuilder.With {

    /// Makes the outcome of a line that was not answered by a record.
    public static Outcome of(BatchError error) {
        return unanswered(error.line(), error.json().toString().getBytes(StandardCharsets.UTF_8));
    }

    /// Makes the outcome of a line that was not answered by a record.
    ///
    /// @param bytes the error as a line of JSON
    public static Outcome unanswered(long line, byte[] bytes) {
        return OutcomeBuilder.builder().line(line).bytes(bytes).failed(true).partition(-1).offset(-1).build();
    }
}
