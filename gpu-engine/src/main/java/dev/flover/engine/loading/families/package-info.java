/// The families of models: how each differs from Llama, and how its files name tensors.
///
/// ```
///   Families ──► LlamaFamily, RmsFamilies, LayerNormFamilies, ExpertFamilies
///                     └──► Family: TensorNames by TensorRole, and the differences in the computation
/// ```
///
/// This package reads no file.
@NullMarked
package dev.flover.engine.loading.families;

import org.jspecify.annotations.NullMarked;
