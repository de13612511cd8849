package dev.flover.app.embedded;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A setting that a subject may have of its own, with one for all others. Not thread-safe.
final class SubjectSettings<T> {
    /// Stands for all subjects without a setting of their own.
    static final String GLOBAL = "";

    private final T otherwise;
    private final Map<String, T> settings = new HashMap<>();
    private long revision;

    SubjectSettings(T otherwise) {
        this.otherwise = otherwise;
    }

    /// What holds for a subject.
    T of(String subject) {
        return settings.getOrDefault(subject, settings.getOrDefault(GLOBAL, otherwise));
    }

    /// What was set for a subject; for all others there always is something.
    Optional<T> get(String subject, boolean defaultToGlobal) {
        return defaultToGlobal || subject.equals(GLOBAL)
                ? Optional.of(of(subject)) : Optional.ofNullable(settings.get(subject));
    }

    void set(String subject, T setting) {
        settings.put(subject, setting);
        revision++;
    }

    /// Grows with every change.
    long revision() {
        return revision;
    }

    /// Returns what was set before.
    Optional<T> unset(String subject) {
        var before = get(subject, false);
        settings.remove(subject);
        revision++;
        return before;
    }
}
