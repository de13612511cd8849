package dev.flover.engine.tokenizer;

/// A text that a model's tokenizer cannot split within its limits. The message is one sentence for the one who sent it.
public final class TokenizationException extends RuntimeException {
    TokenizationException(String message) {
        super(message);
    }
}
