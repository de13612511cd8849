package dev.flover.engine.tokenizer;

import dev.flover.engine.tokenizer.subword.TokenKind;
import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/// Determines the bytes that each token of a vocabulary stands for.
final class TokenTable {
    private static final byte[] NOTHING = {};

    private TokenTable() {}

    /// How the tokens of a vocabulary spell text.
    sealed interface Spelling {
        /// Tokens are spelled in the [ByteAlphabet]; added words are plain text.
        record Bytes() implements Spelling {}

        /// Tokens are text in which a mark stands for a space; `<0x0A>` stands for a byte.
        ///
        /// @param inAdded whether a mark stands for a space in added words, too
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
