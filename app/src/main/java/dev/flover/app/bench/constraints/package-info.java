/// Constraints over a vocabulary, without a model: which schemas are told apart, and how long a mask takes.
///
/// ```
///   --schemas ──► SchemaCase ──► ConstraintRun ──► ConstraintReport
///   --model   ──► tokens' bytes       token by token, one thread
/// ```
package dev.flover.app.bench.constraints;
