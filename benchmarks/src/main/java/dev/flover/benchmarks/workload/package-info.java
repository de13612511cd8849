/// The load of a benchmark, and the figures that summarise it: when requests arrive, how long they are, percentiles.
///
/// ```
///   Arrivals   constant, exponential ──┐
///   Lengths    equal, uniform ─────────┼──► Workload: a list of Demands
///   AzureTrace a recorded hour ────────┘
///   WarmUp     runs until the compilers are calm          Spread   mean, median and 99th percentile
/// ```
///
/// All random numbers follow from a seed. A workload knows no engine and no unit of time: its player decides how long a
/// unit is.
@NullMarked
package dev.flover.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
