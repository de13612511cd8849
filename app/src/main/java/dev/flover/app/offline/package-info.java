/// The commands that need only a model file: no broker, no registry, no topology.
///
/// ```
///   generate   requests (options, or a file of JSON lines) ──> one Engine, every step one fused pass ──> answers
///   tokenize   text ──> token ids
///   inspect    description of a model file
///   devices    which backends work on this machine, and why others do not
///   selftest   compares a backend on this machine with the reference backend
/// ```
///
/// Input is untrusted: every error message names the line, the field, the value and the expected range.
@NullMarked
package dev.flover.app.offline;

import org.jspecify.annotations.NullMarked;
