/// The whole path on a real broker with the bundled model.
///
/// ```
///   Client ──► requests ──► Pipeline ──► tokens, results, dead letters ──► Client
///                              │
///                           Engine        its tokens must be those of the bare engine
/// ```
///
/// The broker is a process of its own; each story has its own topics, and counts steps and records, never time.
package dev.flover.tests.pipeline;
