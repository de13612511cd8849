/// The experiments of Flover (arXiv 2305.13484): the same workloads under every strategy, on the same transformer,
/// backend and kernels.
///
/// ```
///   Scenario ──► Experiment ──┬─► Simulation           the closed form: no engine
///     (workload)              ├─► PagedFusion, counted: its iterations must equal the simulation's
///                             └─► each Strategy ──► Recording ──► Outcome ──► FusionReport ──► terminal, JSON, HTML
///
///   Strategy   one at a time · instances · taking turns · window batching      ContiguousEngine
///              fusion with contiguous keys and values, without and with reordering ──┘
///              fusion with paged keys and values                               Engine
///   KafkaFusion                                      the same through topics   Engine in a pipeline
/// ```
///
/// The unit of time of every workload is an iteration: one step of one request alone, measured on the machine. So a
/// small model on a small machine has the same ratio of load to speed as the paper's.
@NullMarked
package dev.flover.benchmarks.fusion;

import org.jspecify.annotations.NullMarked;
