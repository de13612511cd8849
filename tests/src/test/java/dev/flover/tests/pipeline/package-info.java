/// The whole path through a real broker with the bundled model.
///
/// ```
///   Client ──► requests ──► Pipeline ──► tokens, results, dead letters ──► Client
///                              │
///                           Engine        its tokens must equal those of an engine without a pipeline
/// ```
///
/// The broker is a process of its own. Each story has its own topics, and counts steps and records but measures no
/// times.
package dev.flover.tests.pipeline;
