/// The machine that runs every compiled constraint, and the masks of the tokens that it allows.
///
/// ```
///   Position = the cursors by which the text so far can be read          step(byte) ──► Position, cached
///                │
///                ├─ Lexeme: a state of a Dfa, and the Frame behind it     ◄─ most of any text
///                └─ others: punctuation, keys of objects, open brackets
///
///   TokenMasks:  Position × TokenTrie ──► one bit for each token
///                tokens that stay within a lexeme are found once for each state of its automaton; only those that
///                reach beyond its end continue with the frames behind it
/// ```
///
/// The parse stack is a list of immutable frames. Cursors share frames, and a position is a value: it depends only on
/// the bytes read. Every cursor is live: some text leads from it to an accepted end, so an answer is never at a place
/// where it can neither continue nor end. If there are more than [Machine#MAX_CURSORS] ways to parse one text, cursors
/// are dropped; this can refuse a valid text but never accept an invalid one.
///
/// The walk over a trie of the vocabulary with a lexer inside a parser, without precomputed masks, is the method of
/// llguidance (Moskal and others 2024).
@NullMarked
package dev.flover.engine.constraint.machine;

import org.jspecify.annotations.NullMarked;
