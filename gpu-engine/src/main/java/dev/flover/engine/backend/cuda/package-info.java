/// The backend for NVIDIA devices. Verbs are kernels of this project, compiled ahead of time (`src/main/cuda`) and
/// launched through the driver (`driver`). Running it needs nothing of the CUDA toolkit.
///
/// ```
///   begin ──► StepSlots ── plan, edits, admissions ──► pinned ──► device     moves: CudaCache, on the host alone
///   verbs ──► CudaBackend ─► KernelSet, Arguments ──► Driver ──► stream      recorded by StepGraphs, then replayed
///   end   ──► StepSlots ◄── tokens in pinned memory ◄── kernel `sample`
///
///   weight ─► WeightPacker ── tiles in the order of tensor-core fragments ──► CudaWeight
///   Driver ◄── JCudaDevice (a device)     in tests: the same kernels, run thread by thread on the host
///
///   several devices   CudaRanks ─► a CudaRank for each: a CudaBackend whose kernels meet those of the other ranks
///                     RankGroup: the memory by which they signal, and where their host threads meet
/// ```
///
/// The package knows neither whole models nor sequences: only plans, tensors, slots, and the operations that a model's
/// configuration names.
@NullMarked
package dev.flover.engine.backend.cuda;

import org.jspecify.annotations.NullMarked;
