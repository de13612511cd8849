package dev.flover.engine.loading;

import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.Latent;
import dev.flover.engine.model.ModelConfig.LayerConfig;
import dev.flover.engine.model.ModelConfig.QueryScaling;
import dev.flover.engine.model.ModelConfig.Rotary;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.model.ModelConfig.Routing;
import dev.flover.engine.model.ModelConfigBuilder;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The hyperparameters of one model, read from a GGUF file or a Hugging Face folder, from which its [ModelConfig] is
/// made.
///
/// @param rotaryDims  the rotated dimensions of a head; unused if positions are learned
/// @param windows     the number of positions that each layer attends to, 0 for all; one element for each layer
/// @param localBase   the rotary base of the layers with a window; 0 for the same base as in the other layers
/// @param localScaling the scaling of the layers with a window, if they have a base of their own
/// @param unrotated   the layers without rotary positions, counted from 0
/// @param multipliers factors on the embeddings, on additions to the residual stream, and on the logits
/// @param queryScaling null for none
/// @param routing     null for a model without experts
/// @param latent      null for a model without latent attention
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record Hyperparameters(
        String architecture,
        int hidden,
        int heads,
        int kvHeads,
        int headDim,
        int feedForward,
        int vocabulary,
        int contextLength,
        double normEpsilon,
        Activation activation,
        Block block,
        double attentionScale,
        double attentionSoftCap,
        double logitSoftCap,
        int rotaryDims,
        double rotaryBase,
        double localBase,
        RotaryScaling scaling,
        RotaryScaling localScaling,
        List<Integer> windows,
        Set<Integer> unrotated,
        Multipliers multipliers,
        @Nullable QueryScaling queryScaling,
        @Nullable Routing routing,
        @Nullable Latent latent) {

    /// Limits chosen so that the product of any two of them does not overflow an int.
    private static final int MAX_WIDTH = 1 << 20;
    static final int MAX_LAYERS = 1024;

    Hyperparameters {
        windows = List.copyOf(windows);
        unrotated = Set.copyOf(unrotated);
        inRange("hidden width", hidden, MAX_WIDTH);
        inRange("number of heads", heads, 1 << 12);
        inRange("number of key-value heads", kvHeads, heads);
        inRange("head width", headDim, 1 << 12);
        inRange("feed-forward width", feedForward, MAX_WIDTH);
        inRange("vocabulary", vocabulary, 1 << 24);
        inRange("context length", contextLength, 1 << 30);
        inRange("number of layers", windows.size(), MAX_LAYERS);
        positive("norm epsilon", normEpsilon);
        positive("attention scale", attentionScale);
        notNegative("attention soft cap", attentionSoftCap);
        notNegative("logit soft cap", logitSoftCap);
    }

    /// Factors that the model's file gives.
    ///
    /// @param embedding multiplies the embeddings, in addition to the family's own factor
    /// @param residual  multiplies what attention and feed-forward add to the residual stream
    /// @param logits    multiplies the logits
    record Multipliers(double embedding, double residual, double logits) {
        static final Multipliers NONE = new Multipliers(1, 1, 1);

        Multipliers {
            positive("embedding multiplier", embedding);
            positive("residual multiplier", residual);
            positive("logit multiplier", logits);
        }
    }

    /// The config that backends compute. It has no residual multiplier m: a residual stream whose additions are
    /// multiplied by m equals m times a stream with embeddings divided by m and unmultiplied additions, and a norm of
    /// that stream gives the same values if its epsilon is divided by m². So embeddings and epsilons are changed here,
    /// and no backend multiplies.
    ModelConfig config(Family family, @Nullable Pairing pairing) {
        double residual = multipliers.residual();
        boolean others = family.learnsPositions() || family.tensors().names().containsKey(TensorRole.QUERY_NORM);
        if (residual != 1 && others) {
            throw new IllegalArgumentException(
                    "has a residual multiplier, which is not supported with learned positions or query norms");
        }
        double embedding = multipliers.embedding() * (family.scaledEmbedding() ? Math.sqrt(hidden) : 1);
        return ModelConfigBuilder.builder().architecture(architecture).hidden(hidden).heads(heads)
                .kvHeads(kvHeads).headDim(headDim).feedForward(feedForward).vocabulary(vocabulary)
                .contextLength(contextLength).normKind(family.normKind())
                .normEpsilon((float) (normEpsilon / (residual * residual))).block(block).activation(activation)
                .gated(family.gated()).embeddingScale((float) (embedding / residual))
                .attentionScale((float) attentionScale).attentionSoftCap((float) attentionSoftCap)
                .logitSoftCap((float) logitSoftCap)
                .layers(layers(family, family.learnsPositions() ? null : pairing)).queryScaling(queryScaling)
                .routing(routing).latent(latent).build();
    }

    private List<LayerConfig> layers(Family family, @Nullable Pairing pairing) {
        Rotary global = null;
        Rotary local = null;
        if (pairing != null) {
            global = rotary(scaling, rotaryBase, pairing);
            local = localBase > 0 ? rotary(localScaling, localBase, pairing)
                    : family.windowsUnscaled() ? rotary(new RotaryScaling.None(), rotaryBase, pairing) : global;
        }
        var layers = new ArrayList<LayerConfig>();
        boolean windowed = windows.stream().anyMatch(window -> window > 0);
        for (int layer = 0; layer < windows.size(); layer++) {
            int window = windows.get(layer);
            boolean unturned = unrotated.contains(layer) || family.rotatesWindowsOnly() && windowed && window == 0;
            layers.add(new LayerConfig(window, unturned ? null : window == 0 ? global : local));
        }
        return layers;
    }

    private Rotary rotary(RotaryScaling scaling, double base, Pairing pairing) {
        inRange("number of rotated dimensions", rotaryDims, headDim);
        positive("rotary base", base);
        var rotary = scaling.rotary(rotaryDims, base, pairing, contextLength);
        rotary.frequencies().forEach(frequency -> positive("rotary frequency", frequency));
        if (rotary.stretch() != null) {
            rotary.stretch().frequencies().forEach(frequency -> positive("rotary frequency", frequency));
        }
        positive("rotary magnitude", rotary.magnitude());
        return rotary;
    }

    private static void inRange(String what, int value, int limit) {
        if (value < 1 || value > limit) {
            throw new IllegalArgumentException("has a " + what + " of " + value + "; 1 to " + limit + " expected");
        }
    }

    private static void positive(String what, double value) {
        if (!(value > 0 && value <= Float.MAX_VALUE)) {      // written positively, so NaN fails too
            throw new IllegalArgumentException("has a " + what + " of " + value + "; a positive number expected");
        }
    }

    private static void notNegative(String what, double value) {
        if (!(value >= 0 && value <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("has a " + what + " of " + value + "; 0 or more expected");
        }
    }
}
