/// From a model file to a [dev.flover.engine.model.Model].
///
/// ```
///   GgufFile ───────────► GgufModel ───┐
///                                      ├─► Hyperparameters ─► ModelConfig
///   JsonFile,                          │         │
///   SafetensorsFolder ──► FolderModel ─┘         ▼
///                            │            WeightAssembler ─► Weights
///   Families: Family ────────┘
/// ```
///
/// What a file does not say about itself stands in one table, `Families`: how the architecture differs from Llama, and
/// how its files name tensors and settings.
///
/// Knows no backend, step or sequence.
package dev.flover.engine.loading;
