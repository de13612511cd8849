package dev.flover.app.settings;

/// A value as it was written, and where.
record Given(String text, Source source) {}
