package dev.flover.topology.results;

import dev.flover.schemas.GenerationResult;
import org.apache.kafka.common.header.Headers;

/// A result that was read back from the results topic.
///
/// @param bytes  the record's value, as it was written
/// @param result the decoded value
public record StoredResult(byte[] bytes, Headers headers, GenerationResult result) {
    /// The header of a result whose answer may be given to equal requests. Its value is the digest of the request's
    /// content.
    public static final String CONTENT = "flover.content";
}
