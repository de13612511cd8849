package dev.flover.app.batch.files;

/// The order of the answers in their file.
public enum AnswerOrder {
    /// As they end.
    DONE,
    /// As their lines are in the input.
    INPUT
}
