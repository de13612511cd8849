package dev.flover.engine.loading;

import dev.flover.engine.format.JsonFile;
import dev.flover.engine.format.ModelFileException;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/// Rotary positions as `config.json` describes them: by keys at the top level, by `rope_scaling` or `rope_parameters`,
/// or by both.
///
/// @param own `rope_scaling` or, since transformers 5, `rope_parameters`; in models that describe layers with and
///            without a window separately, the part about one of the two kinds
record FolderRotary(JsonFile config, Optional<JsonFile> own) {
    private static final Set<String> STRETCHING = Set.of("factor", "short_factor", "long_factor", "low_freq_factor",
            "high_freq_factor", "beta_fast", "beta_slow", "attention_factor", "mscale", "mscale_all_dim", "truncate");

    /// The description for all layers, or for those with full attention if the two kinds are described separately.
    static FolderRotary of(JsonFile config) {
        var stretching = config.object("rope_scaling").or(() -> config.object("rope_parameters"));
        return new FolderRotary(config, stretching.map(all -> all.object("full_attention").orElse(all)));
    }

    /// The description for the layers with a window; empty if the configuration does not describe them separately.
    static Optional<FolderRotary> ofWindows(JsonFile config) {
        return config.object("rope_scaling").or(() -> config.object("rope_parameters"))
                .flatMap(all -> all.object("sliding_attention"))
                .map(local -> new FolderRotary(config, Optional.of(local)));
    }

    double base() {
        return ownBase().orElseGet(() -> config.real("rope_theta", "rotary_emb_base").orElse(10_000));
    }

    /// The rotary base of this kind of layers; empty if the configuration gives one base for all layers.
    Optional<Double> ownBase() {
        return own("rope_theta");
    }

    /// The fraction of a head's dimensions that is rotated.
    double share() {
        return own("partial_rotary_factor")
                .orElseGet(() -> config.real("partial_rotary_factor", "rotary_pct").orElse(1));
    }

    private String type() {
        var named = own.flatMap(rope -> rope.text("rope_type", "type"));
        if (named.isEmpty() && own.isPresent()) {
            own.get().keys().stream().filter(STRETCHING::contains).findFirst().ifPresent(key -> {
                throw problem("has \"" + key + "\" for rotary positions but no \"rope_type\"");
            });
        }
        return named.orElse("default");
    }

    /// Whether the model's scaling would need a different computation for positions beyond the trained context, so that
    /// sequences must end there.
    boolean endsWithTraining() {
        return type().equals("dynamic");
    }

    /// The growth of queries with positions beyond the original context (`llama_4_scaling_beta`); 0 for none.
    double queryGrowth() {
        return own("llama_4_scaling_beta").orElse(0.0);
    }

    /// The context, in positions, that the model was trained for before its positions were stretched.
    double originalContext() {
        return boxed(config.real("original_max_position_embeddings"))
                .or(() -> own("original_max_position_embeddings"))
                .orElseGet(() -> config.real("max_position_embeddings", "n_positions").orElse(0));
    }

    RotaryScaling scaling() {
        return switch (type()) {
            // Dynamic scaling starts beyond the trained context, and here sequences end there.
            case "default", "dynamic" -> new RotaryScaling.None();
            case "linear" -> new RotaryScaling.Linear(required("factor"), 1);
            case "llama3" -> new RotaryScaling.Llama3(
                    required("factor"), required("low_freq_factor"), required("high_freq_factor"), originalContext());
            // The first files of Phi-3 name their two lists of factors "yarn".
            case "yarn" -> own.orElseThrow().keys().contains("short_factor") ? longRope() : yarn();
            case "longrope", "su" -> longRope();
            default -> throw problem("scales rotary positions by \"" + type()
                    + "\", which is not supported; default, linear, dynamic, llama3, yarn and longrope are");
        };
    }

    private RotaryScaling yarn() {
        double factor = own("factor").orElseGet(this::impliedFactor);
        double weight = own("mscale").orElse(0.0);
        double weightOfAll = own("mscale_all_dim").orElse(0.0);
        double magnitude = weight != 0 && weightOfAll != 0
                ? RotaryScaling.Yarn.magnitudeFor(factor, weight) / RotaryScaling.Yarn.magnitudeFor(factor, weightOfAll)
                : RotaryScaling.Yarn.magnitudeFor(factor);
        boolean truncate = own.flatMap(rope -> rope.flag("truncate")).orElse(true);
        return new RotaryScaling.Yarn(
                factor, originalContext(), notZero("beta_fast", 32), notZero("beta_slow", 1), truncate,
                own("attention_factor").orElse(magnitude));
    }

    /// The factor by which YaRN raises the products of queries and keys in latent attention, where rotary positions do
    /// not reach all dimensions of a head: the square of `mscale_all_dim`'s correction.
    double temperature() {
        double weight = own("mscale_all_dim").orElse(0.0);
        if (!type().equals("yarn") || weight == 0) {
            return 1;
        }
        double magnitude = RotaryScaling.Yarn.magnitudeFor(own("factor").orElseGet(this::impliedFactor), weight);
        return magnitude * magnitude;
    }

    private RotaryScaling longRope() {
        double original = originalContext();
        double factor = own("factor").orElseGet(this::impliedFactor);
        double magnitude = own("attention_factor")
                .orElseGet(() -> RotaryScaling.LongRope.magnitudeFor(factor, original));
        var parameters = own.orElseThrow();
        return new RotaryScaling.LongRope(
                new RotaryScaling.Divided(parameters.reals("short_factor"), magnitude),
                new RotaryScaling.Divided(parameters.reals("long_factor"), magnitude), (int) original);
    }

    private double impliedFactor() {
        return config.real("max_position_embeddings", "n_positions").orElse(0) / originalContext();
    }

    private Optional<Double> own(String key) {
        return own.flatMap(rope -> boxed(rope.real(key)));
    }

    private double notZero(String key, double otherwise) {
        double given = own(key).orElse(0.0);
        return given == 0 ? otherwise : given;
    }

    private double required(String key) {
        return own(key).orElseThrow(
                () -> problem("scales rotary positions by \"" + type() + "\" but has no \"" + key + "\""));
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(config.path(), problem);
    }

    private static Optional<Double> boxed(OptionalDouble value) {
        return value.isPresent() ? Optional.of(value.getAsDouble()) : Optional.empty();
    }
}
