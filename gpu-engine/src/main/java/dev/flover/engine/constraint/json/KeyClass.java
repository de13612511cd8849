package dev.flover.engine.constraint.json;

/// A class of object keys that a schema describes by a pattern rather than by name.
///
/// @param keys  the keys as JSON strings; an object never takes a key that has a name of its own from a class
/// @param value the values that such a key may have
public record KeyClass(TextPlan keys, ValuePlan value) {}
