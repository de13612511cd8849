package dev.flover.engine.tokenizer;

/// SentencePiece's treatment of spaces: each space becomes a mark, and one mark is put in front of the text.
///
/// @param prefixes whether a mark is put before the first word
/// @param merges   whether consecutive spaces count as one, and spaces at both ends are dropped
record WordSpacing(char mark, boolean prefixes, boolean merges) implements TextNormalizer {
    @Override
    public String normalize(String text) {
        var out = new StringBuilder(text.length() + 1);
        boolean inWord = false;
        boolean prefixed = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ' ') {
                inWord = false;
                if (!merges) {
                    out.append(mark);
                }
                continue;
            }
            if (!inWord && (prefixes && !prefixed || merges)) {
                out.append(mark);
                prefixed = true;
            }
            inWord = true;
            out.append(c);
        }
        return out.toString();
    }
}
