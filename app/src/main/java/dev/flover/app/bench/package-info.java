/// Figures, each measured the same way every time.
///
/// ```
///   bench ──┬─> engine     the engine alone: tokens a second by batch size
///           └─> fusion     temporal fusion beside what the paper compares it with    fusion/, workload/, topics/
/// ```
package dev.flover.app.bench;
