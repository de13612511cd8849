/// Splits a piece of text into tokens of a vocabulary.
///
/// ```
///   Vocabulary ──► BytePairModels ──► BytePairModel ── PairMerger, PairMerges ──┐
///              └────────────────────► UnigramModel ─── TokenTrie ───────────────┤
///                                                                               ├──► ids
///   characters outside the vocabulary ───────────────────────────► Fallback ────┘
/// ```
///
/// This package knows nothing of files, of normalisation and of the split into pieces.
@NullMarked
package dev.flover.engine.tokenizer.subword;

import org.jspecify.annotations.NullMarked;
