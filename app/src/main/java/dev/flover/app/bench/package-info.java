/// The benchmarks that users can run, each measured by the same procedure every time.
///
/// ```
///   bench ──┬─> engine     the engine alone: tokens per second by batch size
///           ├─> fusion     temporal fusion beside the baselines of the paper         fusion/, workload/
///           ├─> pipeline   the pipeline with its topics beside the engine alone      topics/, workload/
///           └─> constraints  schemas over a vocabulary, without a model              constraints/
/// ```
package dev.flover.app.bench;
