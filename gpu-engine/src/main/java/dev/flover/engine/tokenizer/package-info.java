/// Converts text to token ids and back, in the way of each published model.
///
/// ```
///   GGUF metadata ──┐                          ┌─ added tokens in the original text
///                   ├─ TokenizerLoader ──────► │  normalizer           ( NFC, U+2581 for spaces, character map )
///   tokenizer.json ─┘  checks, then builds     │  added tokens in the normalised text
///                      one chain of stages:    │  pre-tokenizer        ( patterns, bytes as characters )
///                                              └─ subword model        ( byte pairs | unigram ) ──► ids
///
///   ids, one by one ──► AnswerText ──► text that is certain       ( whole characters, no part of a stop string )
/// ```
///
/// Every kind of model uses the same sequence of stages; both kinds of byte-pair vocabularies use the same merging
/// algorithm. Texts and vocabularies are untrusted: no stage recurses over a text or takes more than O(n log n) steps
/// for it, patterns count their steps, and the values in a file are checked before they are used.
///
/// This package knows nothing of models, chat and sampling.
@NullMarked
package dev.flover.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
