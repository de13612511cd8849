package dev.flover.http.openai;

import dev.flover.schemas.GenerationRequest;
import java.util.Optional;

/// The form of an answer in OpenAI's API.
public enum AnswerKind {
    /// The form of `/v1/completions`.
    TEXT("t", "cmpl-"),
    /// The form of `/v1/chat/completions`.
    CHAT("c", "chatcmpl-"),
    /// A chat in which tools may be called. Only the whole text tells whether it is an answer or a tool call.
    CALLS("k", "chatcmpl-");

    private final String letter;
    private final String idPrefix;

    AnswerKind(String letter, String idPrefix) {
        this.letter = letter;
        this.idPrefix = idPrefix;
    }

    static AnswerKind of(GenerationRequest request) {
        if (request.getMessages() == null) {
            return TEXT;
        }
        return request.getTools().isEmpty() || "none".equals(request.getToolChoice()) ? CHAT : CALLS;
    }

    static Optional<AnswerKind> ofLetter(String letter) {
        for (var kind : values()) {
            if (kind.letter.equals(letter)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /// Returns the kind of an answer from an id that a bridge made.
    public static AnswerKind ofId(String id) {
        return id.startsWith(TEXT.idPrefix) ? TEXT : CHAT;
    }

    String letter() {
        return letter;
    }

    public String idPrefix() {
        return idPrefix;
    }
}
