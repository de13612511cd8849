/// The durable state of one partition, which is committed together with the tokens and offsets that it belongs to.
///
/// ```
///   requests   progress   attempts   ended   parked      stores, each with its changelog
///       └──────────┴─────────┼─────────┴───────┘
///                      PartitionState                    stored forms in and out
///                       │          │
///              EndedMemory      ReadPosition             ids that are not live; offsets that were taken in
///
///   LeftToOthers, BegunElsewhere                          stored generations that this process may not compute
///   Caution                                               when attempts are stored before new requests are computed
/// ```
///
/// The package knows keys and stored forms; nothing of the engine or of how an answer is written.
@NullMarked
package dev.flover.topology.state;

import org.jspecify.annotations.NullMarked;
