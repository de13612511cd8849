/// The meters of a pipeline, all in one class.
///
/// ```
///   stream thread ──► counters, timers, Load ──┐
///   watches       ──► lags ────────────────────┼──► MeterRegistry ──► a scraper
///   Readings      ──► gauges ──────────────────┘
/// ```
///
/// The package depends on no other package of the topology.
@NullMarked
package dev.flover.topology.metrics;

import org.jspecify.annotations.NullMarked;
