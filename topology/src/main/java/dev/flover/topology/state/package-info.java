/// The durable side of one partition: what is committed with the tokens and offsets it belongs to.
///
/// ```
///   requests   progress   attempts   ended   parked      stores, each with its changelog
///       └──────────┴─────────┼─────────┴───────┘
///                      PartitionState                    stored forms in and out
///                       │          │
///              EndedMemory      ReadPosition             ids that are not live; offsets that were taken in
/// ```
///
/// Knows keys and stored forms; nothing of the engine or of how an answer is written.
package dev.flover.topology.state;
