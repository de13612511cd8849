/// How far a group has read the requests topic. The read position is kept in the group's state, so that Kafka's
/// committed offsets, the state and the changelogs can be compared at a start.
///
/// ```
///   a requests partition    | a b c d | e f g          committed offset 4: Kafka's own, expires, can be reset
///                                     ^
///   attempts changelog      ... position 4 ...         in the same transaction
/// ```
///
/// The package knows changelogs and offsets, but not the contents of requests or the groups that answer them.
@NullMarked
package dev.flover.topology.position;

import org.jspecify.annotations.NullMarked;
