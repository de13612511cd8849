package dev.flover.engine;

/// Whether a backend can be used on this machine.
///
/// @param name   as given to `--backend`
/// @param detail what it computes on, or why it cannot be used and what to do
public record BackendReport(String name, boolean usable, String detail) {}
