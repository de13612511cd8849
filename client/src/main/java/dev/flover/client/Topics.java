package dev.flover.client;

import java.util.Objects;

/// The names of the topics that a client uses.
///
/// @param requests requests and cancels are written there
/// @param tokens   the chunks of answers are read there
/// @param models   tells which pipeline answers for which model; read only for requests whose id may have been used
public record Topics(String requests, String tokens, String models) {
    public Topics {
        Objects.requireNonNull(requests, "requests");
        Objects.requireNonNull(tokens, "tokens");
        Objects.requireNonNull(models, "models");
    }

    /// Returns the names that a pipeline uses unless its settings change them.
    public static Topics standard() {
        return withPrefix("");
    }

    /// Returns the names of a pipeline with the setting `topic-prefix`.
    public static Topics withPrefix(String prefix) {
        return new Topics(prefix + "generation-requests", prefix + "generation-tokens", prefix + "generation-models");
    }
}
