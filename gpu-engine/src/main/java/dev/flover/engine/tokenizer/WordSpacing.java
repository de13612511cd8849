package dev.flover.engine.tokenizer;

/// SentencePiece's treatment of spaces: each becomes a mark, and a text gets one in front.
///
/// @param prefixes whether a text gets a mark before its first word
/// @param merges   whether spaces in a row count as one, and those at both ends not at all
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
