package dev.flover.engine.tokenizer;

/// GPT-2's pre-tokenizer: splits a text into words, each with the space before it, and spells them in the
/// [ByteAlphabet].
///
/// @param addsSpace whether a space is put in front of a text that does not begin with one
/// @param cuts      whether to split into words; false if other stages have split the text already
record ByteLevelSplit(boolean addsSpace, boolean cuts) implements PreTokenizer {
    static final String WORDS =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private static final PatternSplit CUT = PatternSplit.isolating(WORDS);

    @Override
    public void split(String text, boolean opensInput, PieceSink out) {
        String spaced = addsSpace && !text.startsWith(" ") ? " " + text : text;
        PieceSink spelling = (piece, opens) -> out.accept(ByteAlphabet.spell(piece), opens);
        if (cuts) {
            CUT.split(spaced, opensInput, spelling);
        } else {
            spelling.accept(spaced, opensInput);
        }
    }
}
