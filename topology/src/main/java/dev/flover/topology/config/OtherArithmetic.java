package dev.flover.topology.config;

/// What happens to a generation that was begun under another model file or arithmetic.
public enum OtherArithmetic {
    /// The generation stays stored until an instance with the same fingerprints gets its partition.
    WAIT,
    /// The generation goes on here, and its last chunk names both fingerprints.
    CONTINUE
}
