package dev.flover.engine.constraint.machine;

/// The tokens of the vocabulary that can follow a state of an automaton.
///
/// @param bits  one bit for each token that ends inside the lexeme, with at least one more byte of the lexeme possible
/// @param exits the nodes of the token trie at which the lexeme may end, ascending
record LexemeMask(long[] bits, int[] exits) {}
