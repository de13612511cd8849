/// The backend for machines without a GPU.
///
/// ```
///   CpuBackend ── verbs ──► Projection, AttentionWork, RowWork ── tiles ──► Workers
///       │                                                                     │
///       │ load                                                                ▼ one tile, one thread
///    Packer ──► PackedWeight (panels of 16 outputs)              Kernels ◄── NativeKernels: src/main/c, by CPU
///                                                                        ◄── VectorKernels: Java's Vector API
/// ```
///
/// Every kernel computes an output element in the same order, whatever the machine's registers, the rows of the step or
/// the number of threads, so all kernels give the same bits. Weights stay quantised in memory. Weights, keys and values
/// lie in huge pages (Slabs).
///
/// The package knows neither whole models nor schedules: rows, weights and positions come from the plan and the verbs.
@NullMarked
package dev.flover.engine.backend.cpu;

import org.jspecify.annotations.NullMarked;
