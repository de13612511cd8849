/// Loads a model file, as a [dev.flover.engine.model.Model].
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
/// Everything that a file does not say about itself is in one table, `Families`: how each architecture differs from
/// Llama, and how its files name tensors and settings.
///
/// This package knows nothing of backends, steps and sequences.
@NullMarked
package dev.flover.engine.loading;

import org.jspecify.annotations.NullMarked;
