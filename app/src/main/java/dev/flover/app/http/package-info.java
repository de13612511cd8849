/// The HTTP bridge as a command of its own and as a part of `up`.
///
/// ```
///   serve          settings ──► HttpSettings ──► Bridge        a process of its own; a tokenizer by --http-model
///   up --http      settings ──► HttpSettings ──► Bridge        in the pipeline's process, with its tokenizer
///   demo           no settings ───────────────► Bridge        in the demo's process, for its duration
/// ```
///
/// The module of `dev.flover.http` answers HTTP requests; this package configures, starts and stops it.
@NullMarked
package dev.flover.app.http;

import org.jspecify.annotations.NullMarked;
