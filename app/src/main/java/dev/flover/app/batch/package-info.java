/// The command `batch`: answers a file of requests through the pipeline, and writes each answer once.
///
/// ```
///   FILE ──► BatchInput ──► LineFeed ──► requests topic ──► a pipeline ──► results topic
///            (count, hash)  (at most N                                        │
///                            lines under way)                           ResultsReader
///                                                                             │
///   OUT, OUT.errors, OUT.progress ◄── JobOutput ◄── Outcomes ◄── AnswerLines ◄┘
/// ```
///
/// The ids of the requests are made of the job and the line, so a line that is sent twice is answered once. The lengths
/// of both output files, the offsets in the results topic and the lines that are done are recorded together, so a job
/// goes on correctly after its process was killed at any moment.
@NullMarked
package dev.flover.app.batch;

import org.jspecify.annotations.NullMarked;
