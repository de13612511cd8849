package dev.flover.topology.tools;

/// A call that an answer makes.
///
/// @param arguments a JSON object
public record ToolCall(String name, String arguments) {}
