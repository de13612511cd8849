package dev.flover.engine.tokenizer.pattern;

/// Thrown for a text that a model's tokenizer cannot split within its limits. The message is one sentence for the
/// client.
public final class TokenizationException extends RuntimeException {
    TokenizationException(String message) {
        super(message);
    }
}
