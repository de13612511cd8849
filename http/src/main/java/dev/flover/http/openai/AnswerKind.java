package dev.flover.http.openai;

import dev.flover.schemas.GenerationRequest;
import java.util.Optional;

/// In which of OpenAI's forms an answer is given.
public enum AnswerKind {
    /// Of `/v1/completions`.
    TEXT("t", "cmpl-"),
    /// Of `/v1/chat/completions`.
    CHAT("c", "chatcmpl-"),
    /// The same, where tools may be called: then it is the whole text that says whether it is one or a call.
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

    /// What an id says that the bridge made.
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
