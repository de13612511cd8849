/// Groups of options that several commands share. Each group makes the object that its options describe.
///
/// ```
///   ModelOption ──────> an opened Model          (--model, or the bundled one, and --context)
///   ModelFileOption ──> the model's file alone   (--model)
///   EngineOptions ────> EngineConfig, Backend    (the one place where limits get their defaults)
///   LoadingLine ──────> an Engine, with a progress line while it loads
///   SamplingOptions ──> SamplingParams           (--temperature, --seed, ...)
/// ```
///
/// Knows nothing of Kafka and nothing of any command.
@NullMarked
package dev.flover.app.options;

import org.jspecify.annotations.NullMarked;
