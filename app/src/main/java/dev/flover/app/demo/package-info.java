/// `demo`: everything at once, for somebody who has never seen it.
///
/// ```
///   Script ──────────> requests topic ──> Pipeline (one Engine) ──> tokens topic
///   24 prompts, when,        │                  │ EngineStatus             │
///   how long                 └──────────┐       │           ┌─────────────┘
///                                       v       v           v
///                                      Scoreboard  ──Frame──>  ScreenView or LineView
/// ```
///
/// The first act is slowed down to a speed at which an eye can follow (`Pacer`); the second sends the same requests
/// again, all at once and unslowed, and compares the answers token by token.
///
/// Everything it starts, it ends: a private folder, a broker in a process of its own, the pipeline.
package dev.flover.app.demo;
