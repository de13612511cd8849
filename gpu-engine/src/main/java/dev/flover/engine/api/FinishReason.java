package dev.flover.engine.api;

/// Why the engine ended a sequence. Ends that depend on text or time (stop strings, cancellation, deadlines) are
/// decided by the engine's owner.
public enum FinishReason {
    /// The last drawn token is one of the request's stop ids.
    STOP,
    /// The answer has `maxTokens` tokens, or the model's context is full.
    LENGTH,
    /// The model computed logits that are not finite numbers. Only this sequence ends; the others of the step continue.
    NOT_FINITE,
    /// The constraint allows no further token, or checking it needs more memory than its limit.
    NOTHING_FITS
}
