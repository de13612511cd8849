/// Measures the products of the CPU backend one by one, without a model.
///
/// ```
///   --types, --rows ──► ProductRun: one matrix again and again (from the caches), many in turn (from memory)
///   CpuCeilings     ──► the machine's limits ──► KernelReport
/// ```
@NullMarked
package dev.flover.benchmarks.kernels;

import org.jspecify.annotations.NullMarked;
