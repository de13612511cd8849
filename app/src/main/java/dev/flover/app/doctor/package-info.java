/// The command `doctor`: checks that a pipeline would run here, and packs a file for support.
///
/// ```
///   settings of `up` ──> MachineChecks   JDK, cores, memory, backends, data folder, ports ──┐
///                   ├──> ClusterChecks   broker, transactions, grants, topics, clock ───────┼──> Finding: a line each
///                   └──> RegistryCheck   the schema registry ───────────────────────────────┘
///
///   findings, config, metrics, threads ──> SupportBundle ──> FILE.zip, without prompts and secrets
/// ```
///
/// Every check ends within a bounded time and changes nothing but this: to check transactions, it initialises a
/// transactional id of its own, which the cluster forgets after a week.
///
/// Knows nothing of generations.
@NullMarked
package dev.flover.app.doctor;

import org.jspecify.annotations.NullMarked;
