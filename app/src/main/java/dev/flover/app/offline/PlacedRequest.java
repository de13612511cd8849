package dev.flover.app.offline;

import dev.flover.schemas.GenerationRequest;

/// A request of `generate`, and its place in the input.
///
/// @param line its line in the file of requests, from 1; 0 if it came from an option
record PlacedRequest(int line, GenerationRequest request) {
    /// Returns the place of the request in the input, for error messages.
    String origin() {
        return line == 0 ? "--prompt" : "line " + line;
    }
}
