/// The processing of one requests partition: records in, chunks and results out.
///
/// ```
///   GenerationProcessor          init, process, punctuate, close
///     │        │
///   Intake   Generations ──► Delivery, Output, Replies ──► tokens, results, dead letters, topics that requests name
///     │        │    │
///     │        │    ├── Loading            generations from the stored requests and progress
///     │        │    ├── Starts             gives sequences to the engine
///     │        │    ├── Trials             generations that may have ended the process
///     │        │    └── Repeats            ended requests that were sent again
///     │        └── LiveGeneration, LiveAnswer, Mailbox
///     └──────────► ProcessParts ──► SharedEngine ──► dev.flover.engine.Engine      one a stream thread
/// ```
///
/// The package is used by stream threads alone, each with objects of its own. None of its code waits: neither for the
/// engine nor for the registry, nor for room.
@NullMarked
package dev.flover.topology.generation;

import org.jspecify.annotations.NullMarked;
