/// Constraints on an answer's form (a JSON Schema, a regular expression, a list of choices or a grammar), as token
/// masks over a vocabulary.
///
/// ```
///   ConstraintSource ──ConstraintCompiler──► Constraint ──start──► ConstrainedAnswer ──► mask, take, mayEnd
///                       schema, grammar,      a Machine              a Position
///                       regex                 shared by requests     one for each answer
/// ```
///
/// A mask depends only on the constraint and the token ids so far. An answer that is resumed in another process
/// therefore gets the same masks. The work of compiling and masking is bounded by counts of states and cursors, not by
/// time.
///
/// This package knows nothing of models, sampling or records.
@NullMarked
package dev.flover.engine.constraint;

import org.jspecify.annotations.NullMarked;
