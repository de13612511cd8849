/// The meters of a pipeline, all on one screen.
///
/// ```
///   stream thread ──► counters, timers, Load ──┐
///   watches       ──► lags ────────────────────┼──► MeterRegistry ──► a scraper
///   Readings      ──► gauges ──────────────────┘
/// ```
///
/// Depends on no other package of the topology.
package dev.flover.topology.metrics;
