package dev.flover.topology;

import dev.flover.schemas.GenerationResult;
import org.apache.kafka.common.header.Headers;

/// A result that was found again.
///
/// @param bytes  its value, as it was written
/// @param result the same, decoded
record StoredResult(byte[] bytes, Headers headers, GenerationResult result) {}
