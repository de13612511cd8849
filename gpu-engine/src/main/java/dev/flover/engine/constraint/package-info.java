/// Answers that fit: a JSON Schema, a regular expression, a list of choices or a grammar, as masks over a vocabulary.
///
/// ```
///   ConstraintSource ──ConstraintCompiler──► Constraint ──start──► ConstrainedAnswer ──► mask, take, mayEnd
///                       schema, grammar,      a Machine              a Position
///                       regex                 shared by requests     one for each answer
/// ```
///
/// A mask depends on the constraint and the token ids so far, and on nothing else: an answer that is resumed elsewhere
/// gets the same masks. Compiling and masking are bounded by counts of work, not by clocks.
///
/// It knows nothing of models, sampling or records.
package dev.flover.engine.constraint;
