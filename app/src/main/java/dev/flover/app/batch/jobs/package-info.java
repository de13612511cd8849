/// The feeder of jobs that need no terminal: in the process of a pipeline, it forwards the lines of jobs to the
/// requests topic, just enough at a time to keep the engine busy.
///
/// ```
///   lines topic ──► JobFeeder ──► requests topic ──► pipeline ──► results topic
///   jobs topic  ◄──► (one of all processes)  ◄───────────────────────┘
/// ```
///
/// Requests, and the job's state that counts them as sent, are written in one transaction, so no line is sent twice.
/// Knows nothing of files and terminals.
@NullMarked
package dev.flover.app.batch.jobs;

import org.jspecify.annotations.NullMarked;
