/// The machine that every constraint becomes, and the tokens that it allows.
///
/// ```
///   Position = the cursors by which the text so far can be read          step(byte) ──► Position, remembered
///                │
///                ├─ Lexeme: a state of a Dfa, and the Frame behind it     ◄─ most of any text
///                └─ others: punctuation, keys of objects, open brackets
///
///   TokenMasks:  Position × TokenTrie ──► a bit for each token
///                tokens that stay within a lexeme are found once for each state of its automaton; only those that
///                reach beyond its end are read on, by the frames behind it
/// ```
///
/// The stack of what is open is a list of immutable frames, so that cursors share it and a position is a value: it
/// depends on the bytes read and on nothing else. Every cursor is live: some text leads from it to the end, hence a
/// mask is never empty, and dropping cursors (more than [Machine#MAX_CURSORS] ways to read one text) can refuse a text
/// but not accept a wrong one.
///
/// The walk over a trie of the vocabulary with a lexer inside a parser, without precomputed masks, is that of
/// llguidance (Moskal and others 2024).
package dev.flover.engine.constraint.machine;
