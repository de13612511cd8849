/// Data about generations for readers on other threads: to which request each sequence of the engine belongs, and how
/// generations ended.
///
/// ```
///   stream thread ──add──► [ the latest 4096 notes ] ──read──► the page
/// ```
///
/// Without texts. Knows nothing of Kafka and of the engine.
@NullMarked
package dev.flover.topology.notes;

import org.jspecify.annotations.NullMarked;
