package dev.flover.engine.tokenizer;

import java.util.List;

/// Cuts text into the pieces that are tokenised each on its own. Stateless.
sealed interface PreTokenizer permits PatternSplit, ByteLevelSplit, MetaspaceSplit, PreTokenizer.Sequence {
    /// Where pieces go, in order.
    @FunctionalInterface
    interface PieceSink {
        /// @param text       not empty
        /// @param opensInput whether it is the first piece of the whole input
        void accept(String text, boolean opensInput);
    }

    void split(String text, boolean opensInput, PieceSink out);

    /// Each cuts the pieces of the one before; none leaves the text whole.
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
