/// The world around the process, while Kafka Streams runs: brokers that are silent, open transactions of others, groups
/// with foreign members, clocks that are set. docs/weather.md is the operator's side of it.
///
/// ```
///   ClusterWatch, StandstillWatch ──► Standstill ──► log, health, metrics
///   SteadyTime                    ──► Kafka's clients, deadlines
/// ```
///
/// Observes and tells; changes nothing.
package dev.flover.topology.weather;
