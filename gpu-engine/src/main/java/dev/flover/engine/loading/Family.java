package dev.flover.engine.loading;

import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.model.ModelConfig.Routing.Scoring;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// A model family as data: what its files do not say about themselves. The table is [Families].
///
/// @param architectures  values of `general.architecture` in GGUF files
/// @param modelTypes     values of `model_type` in Hugging Face's `config.json`
/// @param activation     where the file names none
/// @param activationFixed whether that holds whatever `config.json` says: Gemma's first files name another than it has
/// @param ggufPairing    how GGUF files order rotated dimensions (Llama's are permuted by their converter); null where
///                       positions are learned
/// @param folderPairing  how Hugging Face folders do
/// @param scaledEmbedding whether embeddings are multiplied by sqrt(hidden)
/// @param normOffset     added to norm weights of Hugging Face folders (GGUF converters have added it already)
/// @param fullAttentionEvery where there is a window: each n-th layer sees everything; 0: no layer does
/// @param folderWindows  whether a window that a folder names is one of its layers'; elsewhere the key means nothing
/// @param ggufWindows    whether a window that a GGUF file names is
/// @param window         where a GGUF file names none; 0 for none
/// @param localRotaryBase of the layers with a window, which are then not scaled; 0 for the same as the others
/// @param wideScaleLayers the number of layers of the size that scales attention by sqrt(heads / hidden); 0 for none
/// @param windowsUnscaled whether the layers with a window have positions as they were before a longer context
/// @param rotatesWindowsOnly whether layers that see everything have no positions, where others have a window
/// @param unrotatedEvery each n-th layer has no positions where the file does not say which; 0: each has some
/// @param positionOffset rows of learned positions in Hugging Face folders before that of position 0
/// @param dividesLogits  whether the file's logit scale is a divisor
/// @param scoring        how experts are scored where the file does not say; null for a family without experts
/// @param normalisesExperts whether the weights of a row's experts are divided by their sum, if the file does not say
/// @param interleavedGates whether folders hold rows of gate and up in turn in their experts
/// @param interleavedHeads whether fused projections in Hugging Face folders hold the queries, key and value of one key
///                       head, then of the next
/// @param transposed     roles that Hugging Face folders store as [inputs, outputs]
/// @param biased         roles whose bias must be there; others may have one
/// @param attentionBiased roles that `config.json` means by `attention_bias`
/// @param linearBiased   roles that it means by `bias`, `use_bias` or `enable_bias`
/// @param optional       roles that some sizes of the family do not have
/// @param configDefaults JSON: what `config.json` leaves out when it is the default
/// @param onlyWith       JSON: keys of `config.json` that must have these values where they are given
/// @param tensors        names in Hugging Face folders
/// @param ggufTensors    names in GGUF files
record Family(
        List<String> architectures,
        List<String> modelTypes,
        NormKind normKind,
        Block block,
        Activation activation,
        boolean activationFixed,
        boolean gated,
        Pairing ggufPairing,
        Pairing folderPairing,
        boolean scaledEmbedding,
        float normOffset,
        int fullAttentionEvery,
        boolean folderWindows,
        boolean ggufWindows,
        int window,
        double localRotaryBase,
        int wideScaleLayers,
        boolean windowsUnscaled,
        boolean rotatesWindowsOnly,
        int unrotatedEvery,
        int positionOffset,
        boolean dividesLogits,
        Scoring scoring,
        boolean normalisesExperts,
        boolean interleavedGates,
        boolean interleavedHeads,
        Set<TensorRole> transposed,
        Set<TensorRole> biased,
        Set<TensorRole> attentionBiased,
        Set<TensorRole> linearBiased,
        Set<TensorRole> optional,
        String configDefaults,
        String onlyWith,
        TensorNames tensors,
        TensorNames ggufTensors) {

    boolean learnsPositions() {
        return ggufPairing == null;
    }

    /// A family that differs from this one in what `changes` sets.
    Family but(Consumer<Draft> changes) {
        var draft = new Draft(this);
        changes.accept(draft);
        return draft.family();
    }

    /// This family in a file that says whether these roles have biases.
    Family biased(Set<TensorRole> roles, boolean present) {
        var changed = EnumSet.noneOf(TensorRole.class);
        changed.addAll(biased);
        if (present) {
            changed.addAll(roles);
        } else {
            changed.removeAll(roles);
        }
        return but(draft -> draft.biased = changed);
    }

    /// A family being described, so that an entry of the table names what it sets.
    static final class Draft {
        List<String> architectures;
        List<String> modelTypes;
        NormKind normKind;
        Block block;
        Activation activation;
        boolean activationFixed;
        boolean gated;
        Pairing ggufPairing;
        Pairing folderPairing;
        boolean scaledEmbedding;
        float normOffset;
        int fullAttentionEvery;
        boolean folderWindows;
        boolean ggufWindows;
        int window;
        double localRotaryBase;
        int wideScaleLayers;
        boolean windowsUnscaled;
        boolean rotatesWindowsOnly;
        int unrotatedEvery;
        int positionOffset;
        boolean dividesLogits;
        Scoring scoring;
        boolean normalisesExperts;
        boolean interleavedGates;
        boolean interleavedHeads;
        Set<TensorRole> transposed;
        Set<TensorRole> biased;
        Set<TensorRole> attentionBiased;
        Set<TensorRole> linearBiased;
        Set<TensorRole> optional;
        String configDefaults;
        String onlyWith;
        TensorNames tensors;
        TensorNames ggufTensors;

        private Draft(Family family) {
            architectures = family.architectures;
            modelTypes = family.modelTypes;
            normKind = family.normKind;
            block = family.block;
            activation = family.activation;
            activationFixed = family.activationFixed;
            gated = family.gated;
            ggufPairing = family.ggufPairing;
            folderPairing = family.folderPairing;
            scaledEmbedding = family.scaledEmbedding;
            normOffset = family.normOffset;
            fullAttentionEvery = family.fullAttentionEvery;
            folderWindows = family.folderWindows;
            ggufWindows = family.ggufWindows;
            window = family.window;
            localRotaryBase = family.localRotaryBase;
            wideScaleLayers = family.wideScaleLayers;
            windowsUnscaled = family.windowsUnscaled;
            rotatesWindowsOnly = family.rotatesWindowsOnly;
            unrotatedEvery = family.unrotatedEvery;
            positionOffset = family.positionOffset;
            dividesLogits = family.dividesLogits;
            scoring = family.scoring;
            normalisesExperts = family.normalisesExperts;
            interleavedGates = family.interleavedGates;
            interleavedHeads = family.interleavedHeads;
            transposed = family.transposed;
            biased = family.biased;
            attentionBiased = family.attentionBiased;
            linearBiased = family.linearBiased;
            optional = family.optional;
            configDefaults = family.configDefaults;
            onlyWith = family.onlyWith;
            tensors = family.tensors;
            ggufTensors = family.ggufTensors;
        }

        private Family family() {
            return new Family(
                    architectures, modelTypes, normKind, block, activation, activationFixed, gated,
                    ggufPairing, folderPairing, scaledEmbedding, normOffset, fullAttentionEvery,
                    folderWindows, ggufWindows, window, localRotaryBase, wideScaleLayers, windowsUnscaled,
                    rotatesWindowsOnly, unrotatedEvery, positionOffset, dividesLogits, scoring, normalisesExperts,
                    interleavedGates, interleavedHeads, transposed, biased, attentionBiased, linearBiased, optional,
                    configDefaults, onlyWith, tensors, ggufTensors);
        }
    }
}
