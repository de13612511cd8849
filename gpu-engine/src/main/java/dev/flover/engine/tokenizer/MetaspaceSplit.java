package dev.flover.engine.tokenizer;

/// SentencePiece's words: each space becomes a visible mark, and each word keeps the mark before it.
///
/// @param mark usually U+2581
/// @param cuts whether to split into words; false if the model merges across words
record MetaspaceSplit(char mark, Prepend prepend, boolean cuts) implements PreTokenizer {
    /// In which texts a mark is put in front if they do not begin with one.
    enum Prepend {
        ALWAYS,
        FIRST,
        NEVER
    }

    @Override
    public void split(String text, boolean opensInput, PieceSink out) {
        String marked = text.replace(' ', mark);
        boolean wanted = prepend == Prepend.ALWAYS || prepend == Prepend.FIRST && opensInput;
        if (wanted && marked.charAt(0) != mark) {
            marked = mark + marked;
        }
        int start = 0;
        if (cuts) {
            for (int next = marked.indexOf(mark, 1); next >= 0; next = marked.indexOf(mark, next + 1)) {
                out.accept(marked.substring(start, next), opensInput && start == 0);
                start = next;
            }
        }
        out.accept(marked.substring(start), opensInput && start == 0);
    }
}
