package dev.flover.engine.format;

import java.util.Optional;
import java.util.OptionalDouble;

/// Rotary positions as `config.json` describes them: in keys of their own, or in `rope_parameters`, or both.
///
/// @param own `rope_parameters` or, before transformers 5, `rope_scaling`
record FolderRotary(JsonFile config, Optional<JsonFile> own) {

    double base() {
        return own.flatMap(rope -> boxed(rope.real("rope_theta")))
                .orElseGet(() -> config.real("rope_theta", "rotary_emb_base").orElse(10_000));
    }

    /// Which part of a head is rotated.
    double share() {
        return own.flatMap(rope -> boxed(rope.real("partial_rotary_factor")))
                .orElseGet(() -> config.real("partial_rotary_factor", "rotary_pct").orElse(1));
    }

    private String type() {
        return own.flatMap(rope -> rope.text("rope_type", "type")).orElse("default");
    }

    boolean isLongRope() {
        return type().equals("longrope") || type().equals("su");
    }

    /// The context before it was stretched.
    double originalContext() {
        return own.flatMap(rope -> boxed(rope.real("original_max_position_embeddings")))
                .orElseGet(() -> config.real("original_max_position_embeddings").orElse(fullContext()));
    }

    private double fullContext() {
        return config.real("max_position_embeddings", "n_positions").orElse(0);
    }

    /// @param context positions the model is opened for
    RotaryScaling scaling(int context) {
        return switch (type()) {
            case "default" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(required("factor"));
            case "llama3" -> new RotaryScaling.Llama3(
                    required("factor"), required("low_freq_factor"), required("high_freq_factor"),
                    required("original_max_position_embeddings"));
            case "yarn" -> new RotaryScaling.Yarn(
                    required("factor"), originalContext(), optional("beta_fast", 32), optional("beta_slow", 1),
                    optional("attention_factor", RotaryScaling.Yarn.magnitudeFor(required("factor"))));
            case "longrope", "su" -> new RotaryScaling.Divided(
                    own.orElseThrow().reals(context > originalContext() ? "long_factor" : "short_factor"),
                    optional("attention_factor",
                            RotaryScaling.Divided.magnitudeFor(fullContext(), originalContext())));
            default -> throw new ModelFileException(config.path(), "stretches positions by \"" + type()
                    + "\", which is not supported; default, linear, llama3, yarn and longrope are");
        };
    }

    private double optional(String key, double otherwise) {
        return own.flatMap(rope -> boxed(rope.real(key))).orElse(otherwise);
    }

    private double required(String key) {
        return own.flatMap(rope -> boxed(rope.real(key))).orElseThrow(() -> new ModelFileException(
                config.path(), "stretches positions by \"" + type() + "\" but does not say \"" + key + "\""));
    }

    private static Optional<Double> boxed(OptionalDouble value) {
        return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
    }
}
