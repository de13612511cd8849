/// The commands that look at a running pipeline, on this machine or another: `status`, `ps` and `top`.
///
/// ```
///   pipeline's listener: /status, /generations ──JSON──> StatusCommand   one screen
///                                                   ├──> PsCommand       a line for each generation
///                                                   └──> TopBoard ──Frame──> picture
/// ```
///
/// They read what the pipeline publishes and change nothing. Texts of prompts and answers are not published.
@NullMarked
package dev.flover.app.watch;

import org.jspecify.annotations.NullMarked;
