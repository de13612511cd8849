package dev.flover.topology.chat;

/// A conversation that cannot be turned into a prompt. The message is one sentence for the one who sent it, or for the
/// one who chose the model.
public final class ChatTemplateException extends RuntimeException {
    ChatTemplateException(String message, Throwable cause) {
        super(message, cause);
    }
}
