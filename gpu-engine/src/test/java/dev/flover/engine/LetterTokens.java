package dev.flover.engine;

import dev.flover.engine.model.TinyModels;
import dev.flover.engine.tokenizer.Tokenizer;

/// A tokenizer for the vocabulary of the tiny models: the printable characters of ASCII; the last token ends an answer.
final class LetterTokens implements Tokenizer {
    static final int END = TinyModels.VOCABULARY - 1;

    @Override
    public int vocabulary() {
        return TinyModels.VOCABULARY;
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        return text.chars().map(c -> c - ' ').toArray();
    }

    @Override
    public int beginOfText() {
        return -1;
    }

    @Override
    public byte[] bytes(int token) {
        return token == END ? new byte[0] : new byte[] {(byte) (' ' + token)};
    }

    @Override
    public boolean isControl(int token) {
        return token == END;
    }

    @Override
    public boolean stripsLeadingSpace() {
        return false;
    }
}
