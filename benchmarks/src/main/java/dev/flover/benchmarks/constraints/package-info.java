/// Measures constraints over a vocabulary, without a model: whether schemas accept their valid values only, and how
/// long a mask takes.
///
/// ```
///   --schemas ──► SchemaCase ──► ConstraintRun ──► ConstraintReport
///   --model   ──► tokens' bytes       token by token, one thread
/// ```
@NullMarked
package dev.flover.benchmarks.constraints;

import org.jspecify.annotations.NullMarked;
