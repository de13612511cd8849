/// Measures several processes of one group under a constant load, while another process joins and leaves.
///
/// ```
///   ClosedLoop ──► generation-requests ──► up, up, ...  (UpProcess, real processes on this machine)
///        ▲                                     │
///        └────── ended ◄── generation-tokens ◄─┘
///                          (committed)
/// ```
@NullMarked
package dev.flover.benchmarks.instances;

import org.jspecify.annotations.NullMarked;
