/// Output to a terminal, and the signals that ask a command to stop.
///
/// ```
///   Screen        styled lines, drawn over one another in place; closing it restores the terminal
///   ProgressLine  the progress of a task in one line
///   Width         columns of the terminal, and texts without control characters
///   StopSignal    Ctrl-C and SIGTERM as a condition to wait for
/// ```
///
/// Knows nothing of the content that is shown.
@NullMarked
package dev.flover.app.terminal;

import org.jspecify.annotations.NullMarked;
