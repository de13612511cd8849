/// What a model is, as data.
///
/// ```
///   ModelConfig   sizes, norms, rotary positions, activations     the differences between families
///   Weights       matrices by their role                          the content of a file
///   Model         both, with the tokenizer and chat template that the file brings along
/// ```
///
/// Knows no file format, no backend and no forward pass.
package dev.flover.engine.model;
