/// The HTTP bridge as a command and beside a pipeline.
///
/// ```
///   serve          settings ──► HttpSettings ──► Bridge        a process of its own; a tokenizer by --http-model
///   up --http      settings ──► HttpSettings ──► Bridge        in the pipeline's process, with its tokenizer
/// ```
///
/// What the bridge answers is in `dev.flover.http`; here it is configured, started and stopped.
package dev.flover.app.http;
