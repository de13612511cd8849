/// The command `demo`: broker, registry, pipeline and clients at once, for a person who has never seen Flover.
///
/// ```
///   Script ──────────> requests topic ──> Pipeline (one Engine) ──> tokens topic
///   24 prompts, times,       │                  │ EngineStatus             │
///   lengths                  └──────────┐       │           ┌─────────────┘
///                                       v       v           v
///                                      Scoreboard  ──Frame──>  picture
/// ```
///
/// With `--crash` the pipeline runs in a process of its own, which is killed twice: `KilledPipeline`, `PipelineChild`.
///
/// The demo has two acts. In the first, requests arrive at random times, and `Pacer` slows the steps down to a speed
/// that a person can follow. The second act sends the same requests again, all at once and at full speed, and compares
/// the answers token by token.
///
/// The demo ends everything that it starts: a private folder, a broker in a process of its own, the pipeline.
@NullMarked
package dev.flover.app.demo;

import org.jspecify.annotations.NullMarked;
