package dev.flover.app.settings;

/// What becomes of a parameter of an HTTP request that nobody knows.
public enum UnknownParameters {
    /// The request is refused, with the nearest name that there is.
    REJECT,
    /// It is left out.
    IGNORE
}
