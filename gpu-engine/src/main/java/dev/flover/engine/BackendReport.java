package dev.flover.engine;

/// Whether a backend can be used on this machine.
///
/// @param name   the backend's name as given to `--backend`
/// @param detail the device that the backend computes on, or why it cannot be used and how to make it usable
public record BackendReport(String name, boolean usable, String detail) {}
