/// The terminal, and the wish to stop.
///
/// ```
///   Screen        styled lines, drawn over one another in place; the terminal is as before when it is closed
///   ProgressLine  how far something has come, in one line
///   StopSignal    Ctrl-C and SIGTERM as something to wait for
/// ```
///
/// Knows nothing of what is shown.
package dev.flover.app.terminal;
