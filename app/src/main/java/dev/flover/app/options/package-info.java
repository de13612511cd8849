/// Groups of options that several commands share, each knowing how to turn itself into what it describes.
///
/// ```
///   ModelOption ──────> an opened Model          (--model, or the bundled one)
///   EngineOptions ────> EngineConfig, Backend    (the one place where limits get their defaults)
///   LoadingLine ──────> an Engine, and on the way how far it is
///   SamplingOptions ──> SamplingParams           (--temperature, --seed, ...)
/// ```
///
/// Knows nothing of Kafka and nothing of any command.
package dev.flover.app.options;
