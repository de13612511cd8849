/// What a benchmark asks for: when requests arrive, and how much each wants.
///
/// ```
///   Arrivals   constant, exponential ──┐
///   Lengths    equal, uniform ─────────┼──► Workload: a list of Demands
///   AzureTrace a recorded hour ────────┘
/// ```
///
/// Everything random follows from a seed. Knows no engine, no clock and no unit of time: who plays a workload says
/// how long a unit is.
package dev.flover.app.bench.workload;
