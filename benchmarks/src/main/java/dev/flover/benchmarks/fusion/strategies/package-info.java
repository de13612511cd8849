/// The ways in which requests can share a device, and the run of a workload under one of them.
///
/// ```
///   Strategy ◄── OwnSlots ◄── OneAtATime, TakingTurns, WindowBatching, ContiguousFusion ──► ContiguousEngine
///            ◄── ConcurrentInstances                                                   ──► ContiguousEngine
///            ◄── PagedFusion                                                           ──► the engine
///
///   play(Stage, Workload, Timeline) ──► Recording
/// ```
///
/// `Simulation` is the closed form, which computes the iterations of fusion without an engine.
///
/// This package knows nothing of the paper's figures and of reports.
@NullMarked
package dev.flover.benchmarks.fusion.strategies;

import org.jspecify.annotations.NullMarked;
