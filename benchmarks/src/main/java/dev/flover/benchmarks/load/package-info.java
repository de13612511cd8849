/// Measures a pipeline, run as a user runs it, under far more requests than it can serve, as an operator would observe
/// it.
///
/// ```
///                 RequestMix: tenants, priorities, lengths, deadlines, bad records
///                     │
///   LoadGenerator ────┴──► requests ──► `up` in a process of its own ──► results ──► AnswerReader
///        rate                                    │
///                                        /metrics, /proc ──► Sample, one a second
///
///   phases: find the sustainable rate │ calm: half of it │ flood: ten times it │ drain: nothing more is sent
/// ```
///
/// The bundled model is so small that the broker is the bottleneck, not arithmetic. Everything listens on loopback, is
/// bounded in time and in records, and is removed at the end.
@NullMarked
package dev.flover.benchmarks.load;

import org.jspecify.annotations.NullMarked;
