/// The log of a command: its level and its form, which are chosen before the first logger is made.
///
/// ```
///   --log-level, --log-format ──┐
///   FLOVER_LOG_LEVEL, _FORMAT ──┴─> LogOptions ──> slf4j-simple: a line of text for each event
///                                             └──> JsonProvider: a JSON object for each event
/// ```
///
/// Which events are logged is decided by slf4j-simple in both forms; `simplelogger.properties` has its rules.
@NullMarked
package dev.flover.app.logging;

import org.jspecify.annotations.NullMarked;
