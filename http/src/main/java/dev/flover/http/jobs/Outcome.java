package dev.flover.http.jobs;

import dev.flover.schemas.lines.BatchError;
import java.nio.charset.StandardCharsets;

/// The end of one line of the input: an answer, or the reason why there is none.
///
/// @param line      number of the line, from 1
/// @param bytes     the line that is written for it, without its end
/// @param failed    whether it belongs into the file of errors
/// @param cached    whether the answer came from the pipeline's response cache
/// @param partition of the results topic; -1 if there is no record for this line
/// @param offset    of the record in that partition; -1 if there is none
public record Outcome(long line, byte[] bytes, boolean failed, boolean cached, int promptTokens, int completionTokens,
        int partition, long offset) {

    /// Makes the outcome of a line that was not answered by a record.
    public static Outcome of(BatchError error) {
        return new Outcome(error.line(), error.json().toString().getBytes(StandardCharsets.UTF_8), true, false, 0, 0,
                -1, -1);
    }
}
