package dev.flover.embedded;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A setting of the registry that has a global value and may have another value for a subject. Not thread-safe.
final class SubjectSettings<T> {
    /// The key of the global value.
    static final String GLOBAL = "";

    private final T otherwise;
    private final Map<String, T> settings = new HashMap<>();
    private long revision;

    SubjectSettings(T otherwise) {
        this.otherwise = otherwise;
    }

    /// Returns the value for a subject: its own, else the global one.
    T of(String subject) {
        return settings.getOrDefault(subject, settings.getOrDefault(GLOBAL, otherwise));
    }

    /// Returns the value that was set for a subject; the global value always exists.
    Optional<T> get(String subject, boolean defaultToGlobal) {
        return defaultToGlobal || subject.equals(GLOBAL)
                ? Optional.of(of(subject)) : Optional.ofNullable(settings.get(subject));
    }

    void set(String subject, T setting) {
        settings.put(subject, setting);
        revision++;
    }

    /// Returns a number that grows with every change of the settings.
    long revision() {
        return revision;
    }

    /// Removes a subject's value and returns it.
    Optional<T> unset(String subject) {
        var before = get(subject, false);
        settings.remove(subject);
        revision++;
        return before;
    }
}
