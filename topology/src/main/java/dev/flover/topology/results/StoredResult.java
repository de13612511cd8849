package dev.flover.topology.results;

import dev.flover.schemas.GenerationResult;
import org.apache.kafka.common.header.Headers;

/// A result that was found again.
///
/// @param bytes  its value, as it was written
/// @param result the same, decoded
public record StoredResult(byte[] bytes, Headers headers, GenerationResult result) {
    /// The header of a result that may be given to equal requests: the key of all that decides the answer.
    public static final String CONTENT = "flover.content";
}
