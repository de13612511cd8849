package dev.flover.engine.api;

/// The most probable tokens at one position, the most probable one first. A view of a buffer that the engine reuses:
/// copy the values to keep them.
public interface TopLogprobs {
    int count();

    int token(int rank);

    float logprob(int rank);
}
