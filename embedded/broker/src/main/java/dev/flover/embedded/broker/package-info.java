/// The broker's process: Kafka's own server, started and stopped as its parent, [dev.flover.embedded.EmbeddedBroker],
/// asks.
///
/// ```
///   BrokerProcess ──> SingleNode: controller, then broker
///        │
///        └──> RequestTimes: cheaper counters, made before the server looks for its own
/// ```
///
/// Knows nothing of generations, schemas or the engine.
@NullMarked
package dev.flover.embedded.broker;

import org.jspecify.annotations.NullMarked;
