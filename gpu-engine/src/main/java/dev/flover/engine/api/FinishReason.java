package dev.flover.engine.api;

/// Why the engine ended a sequence. Ends that need text or time (stop strings, cancel, deadline) are the owner's.
public enum FinishReason {
    /// A stop id was drawn.
    STOP,
    /// `maxTokens` was reached, or the model's context is full.
    LENGTH,
    /// The model gave logits that are not numbers; the sequence cannot continue, its neighbours can.
    NOT_FINITE,
    /// The constraint allows no further token, or following it takes more memory than one may.
    NOTHING_FITS
}
