/// Where a group stands in the requests topic, kept in its state: offsets, state and changelogs can be compared.
///
/// ```
///   a requests partition    | a b c d | e f g          committed offset 4: Kafka's own, expires, can be reset
///                                     ^
///   attempts changelog      ... position 4 ...         in the same transaction
/// ```
///
/// Knows changelogs and offsets; nothing of what a request says, nor of who answers it.
package dev.flover.topology.position;
