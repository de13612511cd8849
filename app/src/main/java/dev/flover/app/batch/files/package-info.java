/// The files of a job: its lines, and its output that is exact after a kill at any moment.
///
/// ```
///   FILE ──► BatchInput          Outcome ──► Outcomes ──► JobLedger ──► JobOutput: OUT, OUT.errors
///                                                             └───────► JobProgress: OUT.progress
/// ```
///
/// `BatchInput` counts the lines and makes the job's id from a hash of the file. An `Outcome` is the answer or the
/// error of one line. `Outcomes` drops those that came before, and puts the others in the wanted order.
///
/// Knows neither topics nor engines: outcomes come from a pipeline or from an engine in this process.
@NullMarked
package dev.flover.app.batch.files;

import org.jspecify.annotations.NullMarked;
