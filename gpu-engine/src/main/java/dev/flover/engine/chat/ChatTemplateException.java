package dev.flover.engine.chat;

import org.jspecify.annotations.Nullable;

/// Thrown when a conversation cannot be turned into a prompt. The message is one sentence for the client that sent the
/// conversation, or for the operator who chose the model.
public final class ChatTemplateException extends RuntimeException {
    /// @param cause null for none
    ChatTemplateException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
