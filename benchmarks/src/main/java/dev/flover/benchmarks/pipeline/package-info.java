/// What Kafka costs: the same generations by the bare engine and through topics, in turn, and the way of one request to
/// its first committed token.
///
/// ```
///   bare    ids ──► Engine ──► tokens
///   topics  record ──► broker ──► Pipeline ──► broker ──► reader of what is committed
/// ```
package dev.flover.benchmarks.pipeline;
