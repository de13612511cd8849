package dev.flover.engine.tokenizer;

import dev.flover.engine.tokenizer.subword.IntList;
import dev.flover.engine.tokenizer.subword.SubwordModel;
import java.util.BitSet;
import java.util.function.UnaryOperator;

/// A tokenizer as a sequence of stages, the same for every kind of model.
final class SubwordTokenizer implements Tokenizer {
    private static final byte[] NO_BYTES = {};

    /// The stages of encoding, in order.
    ///
    /// @param addedRaw        the tokens that are searched in the text before normalisation
    /// @param addedNormalized the tokens that are searched in the normalised text
    record Stages(
            AddedTokens addedRaw,
            TextNormalizer normalizer,
            AddedTokens addedNormalized,
            PreTokenizer preTokenizer,
            SubwordModel model) {}

    /// The meaning of each token.
    ///
    /// @param bytes              by token: the bytes that it stands for; empty for markup
    /// @param control            the tokens that are markup
    /// @param stripsLeadingSpace as [Tokenizer#stripsLeadingSpace]
    record Meaning(byte[][] bytes, BitSet control, boolean stripsLeadingSpace) {}

    /// The tokens that the model expects before and after a prompt.
    record Frame(int[] before, int[] after) {}

    private final Stages stages;
    private final Meaning meaning;
    private final Frame frame;

    SubwordTokenizer(Stages stages, Meaning meaning, Frame frame) {
        this.stages = stages;
        this.meaning = meaning;
        this.frame = frame;
    }

    @Override
    public int vocabulary() {
        return meaning.bytes.length;
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        var out = new IntList();
        var session = stages.model.open(out);
        stages.addedRaw.split(wellFormed(text), parseSpecial, new AddedTokens.Sink() {
            @Override
            public void text(String part, boolean opensText) {
                encodeNormalized(stages.normalizer.normalize(part), opensText, parseSpecial, session, out);
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
        return out.toArray();
    }

    @Override
    public int[] encodeMarked(String text, UnaryOperator<String> unmark) {
        var out = new IntList();
        var session = stages.model.open(out);
        stages.addedRaw.split(wellFormed(text), true, new AddedTokens.Sink() {
            @Override
            public void text(String part, boolean opensText) {
                String plain = unmark.apply(part);
                if (plain.equals(part)) {
                    encodeNormalized(stages.normalizer.normalize(part), opensText, true, session, out);
                } else {
                    encodePlain(plain, opensText, session, out);
                }
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
        return out.toArray();
    }

    /// Encodes a part of a text without recognising markup.
    private void encodePlain(String text, boolean opensInput, SubwordModel.Session session, IntList out) {
        stages.addedRaw.split(text, false, new AddedTokens.Sink() {
            @Override
            public void text(String part, boolean opensText) {
                encodeNormalized(stages.normalizer.normalize(part), opensInput && opensText, false, session, out);
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
    }

    @Override
    public String markupAt(String text, int place) {
        String raw = stages.addedRaw.markupAt(text, place);
        return raw.isEmpty() ? stages.addedNormalized.markupAt(text, place) : raw;
    }

    private void encodeNormalized(
            String text, boolean opensInput, boolean parseSpecial, SubwordModel.Session session, IntList out) {
        stages.addedNormalized.split(text, parseSpecial, new AddedTokens.Sink() {
            @Override
            public void text(String part, boolean opensText) {
                stages.preTokenizer.split(part, opensInput && opensText, (piece, _) -> session.encode(piece));
            }

            @Override
            public void token(int id) {
                out.add(id);
            }
        });
    }

    @Override
    public int[] framed(int[] ids) {
        int before = frame.before.length;
        int[] prompt = new int[before + ids.length + frame.after.length];
        System.arraycopy(frame.before, 0, prompt, 0, before);
        System.arraycopy(ids, 0, prompt, before, ids.length);
        System.arraycopy(frame.after, 0, prompt, before + ids.length, frame.after.length);
        return prompt;
    }

    @Override
    public int beginOfText() {
        return frame.before.length == 0 ? -1 : frame.before[0];
    }

    /// The bytes of a token. A model may have more rows than its vocabulary has tokens; the ids of these rows stand for
    /// nothing.
    @Override
    public byte[] bytes(int token) {
        return token < meaning.bytes.length ? meaning.bytes[token] : NO_BYTES;
    }

    @Override
    public boolean isControl(int token) {
        return token >= meaning.bytes.length || meaning.control.get(token);
    }

    @Override
    public String spelling(int token) {
        String raw = stages.addedRaw.spelling(token);
        String normalized = raw == null ? stages.addedNormalized.spelling(token) : raw;
        return normalized == null ? "" : normalized;
    }

    @Override
    public int idOf(String spelling) {
        int raw = stages.addedRaw.id(spelling);
        return raw >= 0 ? raw : stages.addedNormalized.id(spelling);
    }

    @Override
    public boolean stripsLeadingSpace() {
        return meaning.stripsLeadingSpace;
    }

    /// Replaces lone surrogates by U+FFFD.
    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                int codePoint = text.codePointAt(i);
                if (!Character.isSupplementaryCodePoint(codePoint)) {
                    return replaceLoneSurrogates(text);
                }
                i++;
            }
        }
        return text;
    }

    private static String replaceLoneSurrogates(String text) {
        var clean = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
                .forEach(clean::appendCodePoint);
        return clean.toString();
    }
}
