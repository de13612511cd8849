/// Weight matrices on the device: their layout, and their way there.
///
/// ```
///   Matrix ──► WeightPacker ── QuantisedGroup ──► CudaWeight (values and scales by WeightShape and Storage)
///   a seed ──► WeightGenerator ─────────────────► CudaWeight, for measurements without a model file
///                                                 ExpertWeights: one CudaWeight for each expert
/// ```
///
/// This package knows nothing of activations and steps.
@NullMarked
package dev.flover.engine.backend.cuda.weights;

import org.jspecify.annotations.NullMarked;
