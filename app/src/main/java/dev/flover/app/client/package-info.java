/// A client of the topics, as any other program could be one.
///
/// ```
///   submit ──> Requests ──> generation-requests ──> ... ──> generation-tokens ──> Answers ──> submit, tail
///   cancel ──> Requests (a null value)
/// ```
///
/// Reads committed records only: what is shown has happened. Knows the contracts and Kafka's clients, and nothing of
/// how answers come about.
package dev.flover.app.client;
