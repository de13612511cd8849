package dev.flover.topology.tools;

/// A call of a tool in a model's answer.
///
/// @param name      the tool's name
/// @param arguments a JSON object, as text
public record ToolCall(String name, String arguments) {}
