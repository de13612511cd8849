package dev.flover.engine.tokenizer;

import java.util.List;

/// Splits a text into pieces, each of which is then tokenised separately. Stateless.
sealed interface PreTokenizer permits PatternSplit, ByteLevelSplit, MetaspaceSplit, PreTokenizer.Sequence {
    /// Receives the pieces, in order.
    @FunctionalInterface
    interface PieceSink {
        /// @param text       the piece, not empty
        /// @param opensInput whether the piece is the first one of the whole input
        void accept(String text, boolean opensInput);
    }

    void split(String text, boolean opensInput, PieceSink out);

    /// A sequence of pre-tokenizers: each splits the pieces of the one before. An empty sequence leaves the text whole.
    record Sequence(List<PreTokenizer> stages) implements PreTokenizer {
        public Sequence {
            stages = List.copyOf(stages);
        }

        @Override
        public void split(String text, boolean opensInput, PieceSink out) {
            if (!text.isEmpty()) {
                split(0, text, opensInput, out);
            }
        }

        private void split(int stage, String text, boolean opensInput, PieceSink out) {
            if (stage == stages.size()) {
                out.accept(text, opensInput);
            } else {
                stages.get(stage).split(text, opensInput, (piece, opens) -> split(stage + 1, piece, opens, out));
            }
        }
    }
}
