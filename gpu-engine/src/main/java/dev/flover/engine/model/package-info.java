/// Models as data: their configuration and their weights.
///
/// ```
///   ModelConfig   sizes, norms, rotary positions, activations     the differences between families
///   Weights       matrices by their role                          the content of a file
///   Model         both, with the tokenizer and chat template of the file
/// ```
///
/// This package knows nothing of file formats, backends and the forward pass.
@NullMarked
package dev.flover.engine.model;

import org.jspecify.annotations.NullMarked;
