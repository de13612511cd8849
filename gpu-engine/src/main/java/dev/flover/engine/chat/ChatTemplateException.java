package dev.flover.engine.chat;

/// Thrown when a conversation cannot be turned into a prompt. The message is one sentence for the client that sent the
/// conversation, or for the operator who chose the model.
public final class ChatTemplateException extends RuntimeException {
    ChatTemplateException(String message, Throwable cause) {
        super(message, cause);
    }
}
