package dev.flover.engine.tokenizer;

import dev.flover.engine.tokenizer.subword.BytePairModels;
import dev.flover.engine.tokenizer.subword.Fallback;
import dev.flover.engine.tokenizer.subword.SubwordModel;
import dev.flover.engine.tokenizer.subword.TokenKind;
import dev.flover.engine.tokenizer.subword.TokenTrie;
import dev.flover.engine.tokenizer.subword.UnigramModel;
import dev.flover.engine.tokenizer.subword.Vocabulary;

/// The models of SentencePiece, over a vocabulary of whichever file.
///
/// @param scores   the score of each token
/// @param fallback the tokens of characters that no token spells
record SentencePieceModels(Vocabulary vocabulary, float[] scores, Fallback fallback) {
    static final char MARK = '\u2581';

    TokenTable.Spelling spelling() {
        return new TokenTable.Spelling.Marked(MARK, false);
    }

    /// Byte pairs, the best score first.
    SubwordModel bytePairs() {
        return BytePairModels.ofScores(vocabulary, scores, fallback);
    }

    SubwordModel unigram() {
        float[] weighted = scores.clone();
        var trie = new TokenTrie();
        double worst = 0;
        for (int id = 0; id < vocabulary.size(); id++) {
            var kind = vocabulary.kind(id);
            if (kind.isSpelled() && !vocabulary.spelling(id).isEmpty()) {
                trie.add(vocabulary.spelling(id), id);
            }
            if (kind == TokenKind.NORMAL) {
                worst = Math.min(worst, scores[id]);
            } else if (kind == TokenKind.USER_DEFINED) {
                weighted[id] = 0;
            }
        }
        return new UnigramModel(trie, weighted, worst, fallback);
    }
}
