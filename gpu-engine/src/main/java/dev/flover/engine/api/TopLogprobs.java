package dev.flover.engine.api;

/// The most probable tokens at one position, best first. A view of the engine's own buffer: copy what you keep.
public interface TopLogprobs {
    int count();

    int token(int rank);

    float logprob(int rank);
}
