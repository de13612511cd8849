/// Figures, each measured the same way every time.
///
/// ```
///   bench ──┬─> engine     the engine alone: tokens a second by batch size
///           ├─> fusion     temporal fusion beside what the paper compares it with    fusion/, workload/
///           ├─> pipeline   the way through topics                                    topics/, workload/
///           └─> constraints  schemas over a vocabulary, without a model              constraints/
/// ```
package dev.flover.app.bench;
