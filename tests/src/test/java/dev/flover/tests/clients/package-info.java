/// What others write and read: clients in other languages, against our topics and our registry.
///
/// ```
///   our serdes ──► topic, registry ──► kafkajs (Avro through the registry), kcat (the framing)
///   kafkajs    ──► topic, registry ──► our serdes
/// ```
package dev.flover.tests.clients;
