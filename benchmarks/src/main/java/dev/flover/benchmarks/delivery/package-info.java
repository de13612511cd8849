/// The command `verify-delivery`: disturbs the instances of a pipeline again and again, and checks the records that its
/// clients read.
///
/// ```
///   RequestMix ──> Oracle: the engine alone, one request at a time ──> ExpectedAnswer ──┐
///       │                                                                               v
///       └──> requests topic ──> VictimProcess ──> tokens, results ──> Witness ──> DeliveryCheck ──> Findings
///                                    ^
///                    Instance: one for each process
///                                    ^
///                Disturber: SIGKILL, SIGTERM, SIGSTOP at an Aim, in the order of Disturbances
///                                    |
///                Weather: disturbs the broker and the registry of the World by kinds of Trouble
/// ```
///
/// Nothing here looks into the pipeline, which is a process with a standard output, and topics.
@NullMarked
package dev.flover.benchmarks.delivery;

import org.jspecify.annotations.NullMarked;
