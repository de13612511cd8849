/// The picture of fused generations on a terminal: of the demo's, and of a running pipeline's.
///
/// ```
///   Frame ──> Layout + Palette ──> ScreenView    drawn over the frame before
///         └──────────────────────> LineView      a line for each event, for logs and pipes
/// ```
///
/// Knows nothing of where a frame comes from.
@NullMarked
package dev.flover.app.picture;

import org.jspecify.annotations.NullMarked;
