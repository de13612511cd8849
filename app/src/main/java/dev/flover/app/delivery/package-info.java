/// `verify-delivery`: a pipeline whose instances are disturbed again and again, and what its clients saw.
///
/// ```
///   RequestMix ──> Oracle: the bare engine, one request at a time ──> ExpectedAnswer ──┐
///       │                                                                              v
///       └──> requests topic ──> VictimProcess ──> tokens, results ──> Witness ──> DeliveryCheck ──> Findings
///                                    ^
///                    Instances: one each
///                                    ^
///                Disturber: kill -9, SIGTERM, SIGSTOP at an Aim; Disturbances says which
///                                    |
///                Weather: what happens to the World, its broker and its registry; Trouble says what
/// ```
///
/// [dev.flover.app.delivery.DeliveryCheck] and what it consists of are pure: they know records, not Kafka. Nothing here
/// looks into the pipeline: it is a process with a standard output, and topics.
package dev.flover.app.delivery;
