package dev.flover.app.settings;

/// Says in which texts of a request the spellings of special tokens become those tokens.
public enum ParsedText {
    NOTHING,
    /// The messages of a conversation may spell special tokens.
    MESSAGES
}
