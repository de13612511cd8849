/// Jobs that need no terminal: their lines are records of a topic, and a feeder in the process of a pipeline forwards
/// them to the requests topic, as many at a time as keep the engine busy.
///
/// ```
///   submit ──► lines topic ──► JobFeeder ──► requests topic ──► pipeline ──► results topic
///      └─────► jobs topic  ◄──► (one of all processes)  ◄───────────────────────┘   │
///   pause, resume, cancel ──┘                                            follow ◄───┘
/// ```
///
/// A job's lines are a range of offsets of the lines topic. Requests, and the job's state that counts them as sent, are
/// written in one transaction, so no line is sent twice. Knows nothing of files and terminals.
package dev.flover.app.batch.jobs;
