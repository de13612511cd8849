/// The commands that need a model file and nothing else: no broker, no registry, no topology.
///
/// ```
///   generate   requests (options, or a line of JSON each) ──> one Engine, every step one fused pass ──> answers
///   tokenize   text ──> token ids
///   inspect    what a model file holds
///   devices    which backends work on this machine, and why others do not
///   selftest   whether a backend computes here what the reference computes
/// ```
///
/// Input is untrusted: every complaint names the line, the field, the value and the range that was expected.
package dev.flover.app.offline;
