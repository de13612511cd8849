/// A pipeline as a user runs it, under far more requests than it can serve, and what an operator would see.
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
/// The bundled model is so small that the way through the broker is the load, not arithmetic. Everything is on
/// loopback, bounded in time and in records, and gone at the end.
package dev.flover.benchmarks.load;
