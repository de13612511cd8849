package dev.flover.engine.constraint.machine;

/// What the vocabulary has for a state of an automaton.
///
/// @param bits  a bit for each token that stays within the lexeme, which goes on behind it
/// @param exits nodes of the trie at which the lexeme may end, ascending
record LexemeMask(long[] bits, int[] exits) {}
