/// Measures constraints over a vocabulary, without a model: whether schemas accept their valid values only, and how
/// long a mask takes.
///
/// ```
///   --schemas ──► SchemaCase ──► ConstraintRun ──► ConstraintReport
///   --model   ──► tokens' bytes       token by token, one thread
/// ```
package dev.flover.benchmarks.constraints;
