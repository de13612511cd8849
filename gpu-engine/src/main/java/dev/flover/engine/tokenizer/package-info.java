/// Text to token ids and back, the way each published model does it.
///
/// ```
///   GGUF metadata ──┐                          ┌─ added tokens in the text as it is
///                   ├─ TokenizerLoader ──────► │  normalizer           ( NFC, U+2581 for spaces, character map )
///   tokenizer.json ─┘  checks, then builds     │  added tokens in what it gives
///                      one line of stages:     │  pre-tokenizer        ( patterns, bytes as characters )
///                                              └─ subword model        ( byte pairs | unigram ) ──► ids
///
///   ids, one by one ──► AnswerText ──► text that is certain       ( whole characters, no part of a stop string )
/// ```
///
/// Every kind of model is the same line with other stages; both kinds of byte-pair vocabularies are one merging
/// machine. Texts come from strangers and vocabularies from files: no stage recurses over a text or takes more than n
/// log n steps for it, patterns count their steps, and what a file says is checked before it is used.
///
/// It knows nothing of models, chat or sampling.
package dev.flover.engine.tokenizer;
