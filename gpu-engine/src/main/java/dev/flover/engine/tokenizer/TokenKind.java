package dev.flover.engine.tokenizer;

/// What a token of a vocabulary is for; the order is SentencePiece's and GGUF's, from 1.
enum TokenKind {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE;

    static TokenKind ofGguf(int number) {
        return number >= 1 && number <= values().length ? values()[number - 1] : UNUSED;
    }

    boolean isMarkup() {
        return this == CONTROL || this == UNKNOWN;
    }

    /// Whether merging characters of a text may give it. Markup and byte tokens are never spelled by a text.
    boolean isSpelled() {
        return this == NORMAL || this == USER_DEFINED || this == UNUSED;
    }
}
