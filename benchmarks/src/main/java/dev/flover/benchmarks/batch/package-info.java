/// The command `verify-batch`: runs a batch job undisturbed, and again while the command, the pipeline and the broker
/// are killed, and compares the outputs line by line.
///
/// ```
///   LineFile ──► batch (quiet)  ──► out, errors ─┐
///        └─────► batch (kills)  ──► out, errors ─┴─► OutputLines: equal?
///                  ▲
///   BatchWorld ────┘ broker, registry, pipeline, command; each can be killed and started again
/// ```
@NullMarked
package dev.flover.benchmarks.batch;

import org.jspecify.annotations.NullMarked;
