/// Finds the pieces of a text by the regular expressions of published tokenizers.
///
/// ```
///   pattern ──► PatternParser ──► PatternNode ──► SplitPattern ── find ──► the next piece
///                                     │
///                                CodePointSet  (sets of code points, by CodePointRules)
/// ```
///
/// A pattern comes from a model file and a text from a client. So a search neither recurses over the text nor takes
/// more than a fixed number of steps for each of its characters: beyond that it ends with a `TokenizationException`.
///
/// This package knows nothing of tokens.
@NullMarked
package dev.flover.engine.tokenizer.pattern;

import org.jspecify.annotations.NullMarked;
