package dev.flover.client;

/// The partition and offset of a record.
record Place(int partition, long offset) {}
