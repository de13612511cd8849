package dev.flover.engine.loading.families;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A model family as data: everything about its models that the model files do not say. The families are listed in
/// [Families].
///
/// @param architectures  the values of `general.architecture` in GGUF files
/// @param modelTypes     the values of `model_type` in Hugging Face's `config.json`
/// @param activation     the activation if the file names none
/// @param activationFixed whether `activation` holds even if `config.json` names another one; Gemma's first files name
///                        a wrong one
/// @param gated          whether the feed-forward layer multiplies its activated gate projection with an up projection
/// @param ggufPairing    how GGUF files order rotated dimensions (llama.cpp's converter permutes Llama's); null if
///                       positions are learned
/// @param folderPairing  how Hugging Face folders order rotated dimensions; null if positions are learned
/// @param scaledEmbedding whether embeddings are multiplied by sqrt(hidden)
/// @param normOffset     added to the norm weights of Hugging Face folders (GGUF converters have already added it)
/// @param fullAttentionEvery in models with a sliding window: each n-th layer attends to all positions; 0: no layer
///                           does
/// @param folderWindows  to which layers a sliding window in `config.json` applies
/// @param ggufWindows    whether a sliding window in a GGUF file applies to layers
/// @param window         the sliding window, in positions, if a GGUF file names none; 0 for no window
/// @param localRotaryBase the rotary base of the layers with a window, whose positions are then not scaled; 0 for the
///                        same base as in the other layers
/// @param wideScaleLayers the number of layers by which to recognise the one model size that scales attention by
///                        sqrt(heads / hidden); 0 for none
/// @param windowsUnscaled whether the layers with a window keep their rotary frequencies when the context is stretched
/// @param rotatesWindowsOnly whether layers with full attention have no rotary positions in models that also have
///                           layers with a window
/// @param unrotatedEvery each n-th layer has no rotary positions, if the file does not say which; 0: all layers have
///                       some
/// @param positionOffset the rows before that of position 0 in the table of learned positions of Hugging Face folders
/// @param dividesLogits  whether the file's logit scale is a divisor
/// @param scoring        how experts are scored if the file does not say; null for a family without experts
/// @param normalisesExperts whether the weights of a row's experts are divided by their sum, if the file does not say
/// @param interleavedGates whether Hugging Face folders alternate the rows of gate and up in the experts' tensors
/// @param yarnUntruncated whether YaRN interpolates from and to fractions of pairs, if the file does not say
/// @param interleavedHeads whether fused projections in Hugging Face folders hold the queries, key and value of one key
///                         head, then those of the next
/// @param transposed     the roles of tensors that Hugging Face folders store as [inputs, outputs]
/// @param biased         the roles whose bias is required; the bias of any other role is optional
/// @param attentionBiased the roles to which `attention_bias` in `config.json` applies
/// @param linearBiased   the roles to which `bias`, `use_bias` or `enable_bias` in `config.json` applies
/// @param optional       the roles that only some models of the family have
/// @param configDefaults JSON: the keys that `config.json` leaves out if they have these values
/// @param onlyWith       JSON: keys of `config.json` that, if given, must have these values
/// @param tensors        the names of tensors in Hugging Face folders
/// @param ggufTensors    the names of tensors in GGUF files
@RecordBuilder
public record Family(
        List<String> architectures,
        List<String> modelTypes,
        NormKind normKind,
        Block block,
        Activation activation,
        boolean activationFixed,
        boolean gated,
        @Nullable Pairing ggufPairing,
        @Nullable Pairing folderPairing,
        boolean scaledEmbedding,
        float normOffset,
        int fullAttentionEvery,
        WindowRule folderWindows,
        boolean ggufWindows,
        int window,
        double localRotaryBase,
        int wideScaleLayers,
        boolean windowsUnscaled,
        boolean rotatesWindowsOnly,
        int unrotatedEvery,
        int positionOffset,
        boolean dividesLogits,
        @Nullable Scoring scoring,
        boolean normalisesExperts,
        boolean interleavedGates,
        boolean yarnUntruncated,
        boolean interleavedHeads,
        Set<TensorRole> transposed,
        Set<TensorRole> biased,
        Set<TensorRole> attentionBiased,
        Set<TensorRole> linearBiased,
        Set<TensorRole> optional,
        String configDefaults,
        String onlyWith,
        TensorNames tensors,
        TensorNames ggufTensors) implements FamilyBuilder.With {

    public boolean learnsPositions() {
        return ggufPairing == null;
    }

    /// This family for a file that says whether the given roles have biases.
    public Family biased(Set<TensorRole> roles, boolean present) {
        var changed = EnumSet.noneOf(TensorRole.class);
        changed.addAll(biased);
        if (present) {
            changed.addAll(roles);
        } else {
            changed.removeAll(roles);
        }
        return withBiased(changed);
    }
}
