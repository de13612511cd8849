package dev.flover.engine.tokenizer.subword;

/// Encodes pieces of text as tokens of a vocabulary. Immutable; a [Session] holds the working memory for one text.
public sealed interface SubwordModel permits BytePairModel, UnigramModel {
    Session open(IntList out);

    interface Session {
        /// Appends the tokens of a piece to the list that the session was opened with.
        void encode(String piece);
    }
}
