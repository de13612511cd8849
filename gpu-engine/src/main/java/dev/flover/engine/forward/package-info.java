/// The forward pass, which reads like the paper: [dev.flover.engine.forward.Transformer] turns the rows of one step
/// into tokens, in the verbs of a [dev.flover.engine.backend.Backend].
///
/// ```
///   embed ─► layers, each: norm ─► attention ─► norm ─► feed-forward or experts ─► norm ─► logits ─► draw
/// ```
///
/// Knows no file format, no particular device and no request: it computes the plan of a step that it is given.
package dev.flover.engine.forward;
