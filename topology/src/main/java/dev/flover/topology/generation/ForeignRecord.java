package dev.flover.topology.generation;

/// A record for a topic that is not the pipeline's, as it is written there.
record ForeignRecord(String topic, byte[] bytes) {}
