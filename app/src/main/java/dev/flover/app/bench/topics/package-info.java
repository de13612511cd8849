/// A pipeline with its own broker, for as long as a measurement takes.
///
/// ```
///   requests ──► Requests ──► broker ──► LocalPipeline(Engine) ──► broker ──► committed chunks ──► TemporaryPipeline
/// ```
///
/// Knows no clock and no workload.
package dev.flover.app.bench.topics;
