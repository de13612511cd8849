/// Figures, each measured the same way every time.
///
/// ```
///   bench ──> engine     the engine alone: tokens a second by batch size
/// ```
package dev.flover.app.bench;
