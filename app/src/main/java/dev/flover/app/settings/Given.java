package dev.flover.app.settings;

/// A setting's value as the user wrote it, with its source.
record Given(String text, Source source) {}
