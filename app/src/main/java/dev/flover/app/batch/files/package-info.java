/// The files of a job: its lines, and its output that is exact after a kill at any moment.
///
/// ```
///   FILE ──► BatchInput          Outcome ──► Outcomes ──► JobLedger ──► JobOutput: OUT, OUT.errors
///            (count, hash, id)   (one a line) (once, order)   └───────► JobProgress: OUT.progress
/// ```
///
/// Knows neither topics nor engines: outcomes come from a pipeline or from an engine in this process.
package dev.flover.app.batch.files;
