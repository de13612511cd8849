/// A transformer as data, and its forward pass.
///
/// ```
///   Model = ModelConfig   how: widths, norms, wiring of a block, rotary positions
///         + Weights       what: tensors by role, assembled from rows of stored ones (Matrix)
///         + tokenizer, end-of-text ids, chat template
///
///   Transformer: ModelConfig + Weights, in the verbs of a Backend
/// ```
///
/// A family is a value, not a class. Does not know how numbers are stored, computed or scheduled.
package dev.flover.engine.model;
