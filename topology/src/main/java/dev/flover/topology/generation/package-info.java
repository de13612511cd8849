/// One request partition at work: records in, chunks and results out.
///
/// ```
///   GenerationProcessor          init, process, punctuate, close
///     │        │
///   Intake   Generations ──► Output ──► tokens, results, dead letters, topics that requests name
///     │        │    │
///     │        │    └── Repeats            ended requests that were sent again
///     │        └── LiveGeneration, LiveAnswer, Mailbox
///     └──────────► ProcessParts ──► SharedEngine ──► dev.flover.engine.Engine      one a process
/// ```
///
/// Used by the stream thread alone. Nothing here waits: not for the engine, not for the registry, not for room.
package dev.flover.topology.generation;
