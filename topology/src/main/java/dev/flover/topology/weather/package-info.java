/// Watches the world around the process while Kafka Streams runs: silent brokers, other applications' open
/// transactions, foreign members of the consumer group, and clocks that are set.
///
/// ```
///   ClusterWatch, StandstillWatch ──► Standstill ──► log, health, metrics
///   SteadyTime                    ──► Kafka's clients, deadlines
/// ```
///
/// The package observes and reports; it changes nothing. docs/operate/weather.md tells operators what its reports mean.
@NullMarked
package dev.flover.topology.weather;

import org.jspecify.annotations.NullMarked;
