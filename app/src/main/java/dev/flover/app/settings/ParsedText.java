package dev.flover.app.settings;

/// Which texts of a request may spell special tokens.
public enum ParsedText {
    NOTHING,
    /// @see dev.flover.engine.model.Model#parsingMessages
    MESSAGES
}
