package dev.flover.app.batch.files;

/// The order of the answers in their file.
public enum AnswerOrder {
    /// An answer is written when it is complete.
    DONE,
    /// Answers are written in the order of their lines in the input.
    INPUT
}
