/// The commands that are clients of the topics, with no more access than any other program has.
///
/// ```
///   submit ──> Requests ──> generation-requests ──> ... ──> generation-tokens ──> Answers ──> submit, tail
///   cancel ──> Requests (a null value)
/// ```
///
/// They read committed records only. They use the contracts and Kafka's clients, and know nothing of how answers are
/// computed.
@NullMarked
package dev.flover.app.client;

import org.jspecify.annotations.NullMarked;
