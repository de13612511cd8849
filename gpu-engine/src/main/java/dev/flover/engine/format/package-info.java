/// Model files: what lies on disk becomes a [dev.flover.engine.model.Model].
///
/// ```
///   model.gguf ──► GgufFile ───────────┐ metadata, tensors by name
///                                      ├─► GgufModel ───┐
///   folder/ ──► JsonFile ──────────────┤                ├─► Hyperparameters ─► ModelConfig
///               SafetensorsFolder ─────┴─► FolderModel ─┘          │
///                                               │                  ▼
///                          Families: Family ────┴────────► WeightAssembler ─► Weights
/// ```
///
/// Files are mapped, not read: a tensor is a slice of the mapping ([dev.flover.engine.format.StoredTensor]), in the
/// type it is stored as; [dev.flover.engine.format.Dequantiser] says what its bytes mean. What a file does not say about
/// itself stands in one table, [dev.flover.engine.format.Families].
///
/// A file is untrusted. Every count, offset, length, type and nesting is checked before it is used, and what cannot be
/// is a [dev.flover.engine.format.ModelFileException] of one sentence.
///
/// This package does not know backends, steps or sequences.
package dev.flover.engine.format;
