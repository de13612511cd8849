package dev.flover.engine.tokenizer;

/// How a piece of text becomes tokens of a vocabulary. Immutable; a [Session] is the scratch memory of one text.
sealed interface SubwordModel permits BytePairModel, UnigramModel {
    Session open(IntList out);

    interface Session {
        /// Appends the tokens of a piece to the list that the session was opened with.
        void encode(String piece);
    }
}
