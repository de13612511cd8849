package dev.flover.app.settings;

/// Says how the HTTP bridge treats an unknown parameter in a request.
public enum UnknownParameters {
    /// The request is refused, with the nearest known name in the message.
    REJECT,
    /// The parameter is ignored.
    IGNORE
}
