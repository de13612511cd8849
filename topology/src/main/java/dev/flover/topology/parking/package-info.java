/// Records that wait for something outside the process: a schema, or the knowledge of which group answers.
///
/// ```
///   record ──► ParkedRecords ──► handled again when there is news
///                   │
///                   ├─ parked for long: ParkedReport
///                   └─ while a partition is held back by them: CancelsAhead reads on for cancels
/// ```
///
/// Parked records are stored in the partition's state. The package knows nothing of how a record is handled.
@NullMarked
package dev.flover.topology.parking;

import org.jspecify.annotations.NullMarked;
