package dev.flover.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// What a vocabulary's tokens stand for in running text.
final class TokenTable {
    private static final byte[] NOTHING = {};

    private TokenTable() {}

    /// How the spelling of a token is text.
    sealed interface Spelling {
        /// In the [ByteAlphabet].
        record Bytes() implements Spelling {}

        /// Text in which a mark stands for a space; `<0x0A>` is a byte.
        record Marked(char mark) implements Spelling {}
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
        return switch (vocabulary.kind(id)) {
            case USER_DEFINED -> text.getBytes(StandardCharsets.UTF_8);
            case BYTE -> {
                int named = Vocabulary.byteNamed(text);
                yield named >= 0 ? new byte[] {(byte) named} : text.getBytes(StandardCharsets.UTF_8);
            }
            case NORMAL, UNUSED, UNKNOWN, CONTROL -> switch (spelling) {
                case Spelling.Bytes() -> ByteAlphabet.bytes(text);
                case Spelling.Marked(char mark) -> text.replace(mark, ' ').getBytes(StandardCharsets.UTF_8);
            };
        };
    }

    /// The markup and added words of a vocabulary.
    static List<AddedTokens.AddedToken> added(
            Vocabulary vocabulary, Predicate<String> eatsRight, UnaryOperator<String> spelled) {
        var added = new ArrayList<AddedTokens.AddedToken>();
        for (int id = 0; id < vocabulary.size(); id++) {
            var kind = vocabulary.kind(id);
            String text = vocabulary.spelling(id);
            if (kind.isMarkup() || kind == TokenKind.USER_DEFINED) {
                added.add(new AddedTokens.AddedToken(
                        id, spelled.apply(text), kind.isMarkup(), false, eatsRight.test(text), false));
            }
        }
        return added;
    }
}
