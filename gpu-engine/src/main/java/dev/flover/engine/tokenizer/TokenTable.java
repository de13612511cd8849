package dev.flover.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/// What a vocabulary's tokens stand for in running text.
final class TokenTable {
    private static final byte[] NOTHING = {};

    private TokenTable() {}

    /// How the spelling of a token is text.
    sealed interface Spelling {
        /// In the [ByteAlphabet]; added words are text.
        record Bytes() implements Spelling {}

        /// Text in which a mark stands for a space; `<0x0A>` is a byte.
        ///
        /// @param inAdded whether a mark in an added word is a space, too
        record Marked(char mark, boolean inAdded) implements Spelling {}
    }

    static SubwordTokenizer.Meaning meaning(Vocabulary vocabulary, Spelling spelling, boolean stripsLeadingSpace) {
        byte[][] bytes = new byte[vocabulary.size()][];
        var control = new BitSet(vocabulary.size());
        for (int id = 0; id < bytes.length; id++) {
            boolean markup = vocabulary.kind(id).isMarkup();
            control.set(id, markup);
            bytes[id] = markup ? NOTHING : bytes(vocabulary, id, spelling);
        }
        return new SubwordTokenizer.Meaning(bytes, control, stripsLeadingSpace);
    }

    private static byte[] bytes(Vocabulary vocabulary, int id, Spelling spelling) {
        String text = vocabulary.spelling(id);
        var kind = vocabulary.kind(id);
        int named = kind == TokenKind.BYTE ? Vocabulary.byteNamed(text) : -1;
        if (named >= 0) {
            return new byte[] {(byte) named};
        }
        boolean added = kind == TokenKind.USER_DEFINED;
        return switch (spelling) {
            case Spelling.Bytes() -> added ? text.getBytes(StandardCharsets.UTF_8) : ByteAlphabet.bytes(text);
            case Spelling.Marked(char mark, boolean inAdded) ->
                (added && !inAdded ? text : text.replace(mark, ' ')).getBytes(StandardCharsets.UTF_8);
        };
    }
}
