/// Measures the products and the attention of the CPU backend one by one, without a model.
///
/// ```
///   --types, --rows          ──► ProductRun: one matrix again and again (from the caches), many in turn (from memory)
///   --positions, --sequences ──► AttentionRun: one layer again and again, many in turn
///   CpuCeilings ──► the machine's limits ──► KernelReport, AttentionReport
/// ```
@NullMarked
package dev.flover.benchmarks.kernels;

import org.jspecify.annotations.NullMarked;
