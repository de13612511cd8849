/// Compares the records that a client received with the answers that it expected.
///
/// ```
///   records, in any order ──► ReceivedAnswer ──┐
///                             ExpectedAnswer ──┴──► DeliveryCheck ──► Findings
/// ```
///
/// This package is pure: it knows neither Kafka nor processes.
@NullMarked
package dev.flover.benchmarks.delivery.check;

import org.jspecify.annotations.NullMarked;
