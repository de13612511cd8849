/// The forward pass: [dev.flover.engine.forward.Transformer] turns the rows of one step into tokens, in the operations
/// of a [dev.flover.engine.backend.Backend].
///
/// ```
///   embed ─► layers, each: norm ─► attention ─► norm ─► feed-forward or experts ─► norm ─► logits ─► draw
/// ```
///
/// This package knows nothing of file formats, devices and requests: it computes the plan of a step that it is given.
@NullMarked
package dev.flover.engine.forward;

import org.jspecify.annotations.NullMarked;
