/// Records that wait for something outside the process: a schema, or the knowledge of who answers.
///
/// ```
///   record ──► ParkedRecords ──► handled again when there is news
///                   │
///                   └─ while a partition is held back by them: CancelsAhead reads on for cancels
/// ```
///
/// Durable through the state of the partition. Knows nothing of what is done with a record once it is handled.
package dev.flover.topology.parking;
