package dev.flover.engine.loading;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import dev.flover.engine.model.ModelConfigRoutingBuilder;
import java.util.Objects;
import java.util.OptionalInt;

/// How a model chooses its experts, as the metadata of a GGUF file describes it.
///
/// In most architectures, the architecture determines how experts are scored and weighted. llama.cpp then ignores what
/// the file states; here, a file that states something else is refused.
///
/// @param family one with experts
record GgufExperts(GgufFile file, String architecture, Family family) {
    private static final int SOFTMAX_OF_CHOSEN = 3;

    /// @param width of an expert
    /// @throws ModelFileException if the file describes what the architecture does not do
    Routing of(int experts, int chosen, int width) {
        boolean shares = family.ggufTensors().names().containsKey(TensorRole.SHARED_UP);
        int shared = integer("expert_shared_feed_forward_length")
                .orElse(integer("expert_shared_count").orElse(shares ? 1 : 0) * width);
        return ModelConfigRoutingBuilder.builder().experts(experts).chosen(chosen).width(width).sharedWidth(shared)
                .scoring(scoring()).normalised(normalises()).scale((float) scale())
                .groups(integer("expert_group_count").orElse(1))
                .chosenGroups(integer("expert_group_used_count").orElse(1)).build();
    }

    private Scoring scoring() {
        var usual = Objects.requireNonNull(family.scoring());
        String key = "expert_gating_func";
        int function = integer(key).orElse(0);
        var stated = switch (function) {
            case 0 -> isGlmFlash() ? Scoring.SIGMOID : usual;
            case 1 -> Scoring.SOFTMAX;
            case 2 -> Scoring.SIGMOID;
            case SOFTMAX_OF_CHOSEN -> Scoring.SOFTMAX; // which is the same as dividing by the sum of the chosen
            default -> throw problem("scores experts by function " + function
                    + ", which is not supported; 1 (softmax), 2 (sigmoid) and 3 (softmax of the chosen) are");
        };
        requireOwn(key, stated == usual && (function != SOFTMAX_OF_CHOSEN || family.normalisesExperts()));
        return stated;
    }

    /// Whether the file has the shape of GLM-4.7-Flash, whose early files have the architecture of DeepSeek and do not
    /// state how experts are scored. llama.cpp recognises them alike.
    private boolean isGlmFlash() {
        int layers = integer("block_count").orElse(0) - integer("nextn_predict_layers").orElse(0);
        return architecture.equals("deepseek2") && (layers == 47 || layers == 48)
                && WeightAssembler.vocabulary(file, family.ggufTensors()) == 154_880;
    }

    /// Whether the weights of the chosen experts are divided by their sum.
    private boolean normalises() {
        String key = "expert_weights_norm";
        boolean stated = file.metadata().flag(architecture + "." + key).orElse(family.normalisesExperts());
        requireOwn(key, stated == family.normalisesExperts());
        return stated || integer("expert_gating_func").orElse(0) == SOFTMAX_OF_CHOSEN;
    }

    private double scale() {
        String key = "expert_weights_scale";
        double stated = file.metadata().real(architecture + "." + key).orElse(0);
        boolean usual = stated == 0 || stated == 1;
        requireOwn(key, usual);
        return usual ? 1 : stated;
    }

    /// @param usual whether the file states what the architecture does anyway
    private void requireOwn(String key, boolean usual) {
        if (!usual && !GgufOwnKeys.has(architecture, key)) {
            throw problem(GgufKeys.unsupported(architecture, key));
        }
    }

    private OptionalInt integer(String key) {
        return file.metadata().integer(architecture + "." + key);
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(file.path(), problem);
    }
}
