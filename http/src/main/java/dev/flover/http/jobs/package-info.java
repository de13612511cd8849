/// Jobs that need no terminal: files of requests, whose lines are answered while no client waits. The commands
/// `batch submit`, `batch follow`, ... and the routes `/v1/files` and `/v1/batches` stand on this package.
///
/// ```
///   upload ──► FileChunks ──► files topic ──┐
///   file on a disk ─────────────────────────┴─► JobLines ──► lines topic      results topic ──► ResultsReader
///                                                   │                                               │
///   JobsView ◄── jobs topic ◄── Job (definition) ◄──┘               OutputFiles ◄─ AnswerLines ◄─────┘
///               (also JobOrder, and JobState by the feeder)
/// ```
///
/// A job's lines are a range of offsets of the lines topic. A feeder, in the process of a pipeline, forwards them to
/// the requests topic. Output is made from the results topic when a client reads it, so any process can serve it. Knows
/// nothing of HTTP, files on a disk, and terminals.
@NullMarked
package dev.flover.http.jobs;

import org.jspecify.annotations.NullMarked;
