package dev.flover.schemas.lines;

import dev.flover.schemas.GenerationRequest;
import org.jspecify.annotations.Nullable;

/// A line of a file of requests that is not empty.
public sealed interface BatchLine {
    /// Returns the number of the line in its file, from 1.
    long number();

    /// Returns the name that the line gives its request: `custom_id`, or `id` in a line of our own form; null if the
    /// line has none, or cannot be read.
    @Nullable String customId();

    /// The form of a line, which is also the form of its answer.
    enum Form {
        /// A request in the contract's names or in those of OpenAI's API.
        OWN,
        /// OpenAI's batch line with the URL `/v1/completions`.
        COMPLETION,
        /// OpenAI's batch line with the URL `/v1/chat/completions`.
        CHAT
    }

    /// A line with a request.
    ///
    /// @param bytes   the length of the line
    /// @param request has the id that the job and the line's number make
    record Good(long number, @Nullable String customId, Form form, int bytes, GenerationRequest request)
            implements BatchLine {}

    /// A line that is not a request.
    ///
    /// @param code    a short name of the reason, as in OpenAI's error files
    /// @param message the expected value, the value found and the remedy
    record Bad(long number, @Nullable String customId, String code, String message) implements BatchLine {}
}
