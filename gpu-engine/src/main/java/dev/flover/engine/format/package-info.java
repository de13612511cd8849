/// Readers of model files: GGUF, safetensors and the JSON files of a Hugging Face folder.
///
/// ```
///   model.gguf ──► GgufFile ────────────► GgufMetadata, tensors by name
///   folder/    ──► SafetensorsFolder ───► tensors by name
///                  JsonFile ────────────► settings by key
/// ```
///
/// Files are mapped, not read: a tensor is a slice of the mapping ([dev.flover.engine.tensor.StoredTensor]), in the
/// type in which the file stores it.
///
/// A file is untrusted. Every count, offset, length, type and nesting is checked before it is used, and a file that
/// fails a check is refused with a [dev.flover.engine.format.ModelFileException] of one sentence.
///
/// Of the engine, this package knows only tensors: no models, families or tokenizers.
@NullMarked
package dev.flover.engine.format;

import org.jspecify.annotations.NullMarked;
