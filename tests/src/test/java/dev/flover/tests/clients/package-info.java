/// Clients in other languages, against Flover's topics and its embedded registry.
///
/// ```
///   our serdes ──► topic, registry ──► kafkajs (Avro through the registry), kcat (the framing)
///   kafkajs    ──► topic, registry ──► our serdes
/// ```
package dev.flover.tests.clients;
