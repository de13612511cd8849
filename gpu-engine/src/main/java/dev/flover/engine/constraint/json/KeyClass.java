package dev.flover.engine.constraint.json;

/// Keys that are not named one by one.
///
/// @param keys  JSON strings; the ones with a name of their own are never among the keys of an object's class
/// @param value what stands behind such a key
public record KeyClass(TextPlan keys, ValuePlan value) {}
