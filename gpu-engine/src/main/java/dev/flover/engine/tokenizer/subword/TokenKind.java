package dev.flover.engine.tokenizer.subword;

/// The kind of a token. The order is that of SentencePiece and GGUF, whose numbers begin with 1.
public enum TokenKind {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE;

    public static TokenKind ofGguf(int number) {
        return number >= 1 && number <= values().length ? values()[number - 1] : UNUSED;
    }

    public boolean isMarkup() {
        return this == CONTROL || this == UNKNOWN;
    }

    /// Whether the characters of a text can be merged to this token. A text never spells markup or byte tokens.
    public boolean isSpelled() {
        return this == NORMAL || this == USER_DEFINED || this == UNUSED;
    }
}
