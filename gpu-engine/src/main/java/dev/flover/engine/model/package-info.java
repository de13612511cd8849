/// What a model is, as data, and the forward pass that reads like the paper.
///
/// ```
///   ModelConfig   sizes, norms, rotary positions, activations     what differs between families
///   Weights       matrices by their role                          what a file holds
///   Transformer   embed ─► layers of attention and feed-forward ─► logits, in the verbs of a backend
/// ```
///
/// Knows no file format and no device.
package dev.flover.engine.model;
