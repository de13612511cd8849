/// `verify-delivery`: a pipeline that is killed again and again, and what its clients saw of it.
///
/// ```
///   RequestMix ──> Oracle: the bare engine, one request at a time ──> ExpectedAnswer ──┐
///       │                                                                              v
///       └──> requests topic ──> VictimProcess ──> tokens, results ──> Witness ──> DeliveryCheck ──> Findings
///                                    ^
///                 Killer: kill -9 at an Aim, and start again
/// ```
///
/// [dev.flover.app.delivery.DeliveryCheck] and what it consists of are pure: they know records, not Kafka. Nothing here
/// looks into the pipeline: it is a process with a standard output, and topics.
package dev.flover.app.delivery;
