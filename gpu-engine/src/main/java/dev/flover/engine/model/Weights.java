package dev.flover.engine.model;

import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import java.util.List;

/// The tensors of a model by role. What a family does not have is null.
///
/// @param embedding token embeddings [vocabulary, hidden]
/// @param positions learned positions [contextLength, hidden] (GPT-2), or null
/// @param head      the vocabulary projection [vocabulary, hidden]; the embedding where they are tied
/// @param headBias  [vocabulary], or null
public record Weights(
        Matrix embedding,
        Matrix positions,
        List<Layer> layers,
        Norm finalNorm,
        Matrix head,
        StoredTensor headBias) {

    public Weights {
        layers = List.copyOf(layers);
    }

    /// @param attentionNorm     before attention; null where there are norms after only (OLMo 2)
    /// @param queryKeyValue     [(heads + 2 kvHeads) * headDim, hidden]: queries, then keys, then values, head by head
    /// @param queryKeyValueBias as many values, or null
    /// @param queryNorm         over each query head (Qwen3, Gemma 3) or over all together (OLMo 2), or null
    /// @param keyNorm           the same of keys, or null
    /// @param attentionOut      [hidden, heads * headDim], summed in shards aligned to heads
    /// @param attentionPostNorm before the result joins the residual stream (Gemma), or null
    /// @param feedForwardNorm   before the feed-forward layer; null where it reads what attention read (GPT-J), or
    ///                          where there are norms after only
    /// @param feedForwardIn     [feedForward, hidden], or gate above up, [2 * feedForward, hidden], where gated; null
    ///                          in layers with experts
    /// @param feedForwardOut    [hidden, feedForward], summed in shards; null in layers with experts
    /// @param experts           null in layers without
    public record Layer(
            Norm attentionNorm,
            Matrix queryKeyValue,
            StoredTensor queryKeyValueBias,
            Norm queryNorm,
            Norm keyNorm,
            Matrix attentionOut,
            StoredTensor attentionOutBias,
            Norm attentionPostNorm,
            Norm feedForwardNorm,
            Matrix feedForwardIn,
            StoredTensor feedForwardInBias,
            Matrix feedForwardOut,
            StoredTensor feedForwardOutBias,
            Norm feedForwardPostNorm,
            Experts experts) {
        /// A layer with one feed-forward part, that all rows go through.
        public Layer(
                Norm attentionNorm, Matrix queryKeyValue, StoredTensor queryKeyValueBias, Norm queryNorm, Norm keyNorm,
                Matrix attentionOut, StoredTensor attentionOutBias, Norm attentionPostNorm, Norm feedForwardNorm,
                Matrix feedForwardIn, StoredTensor feedForwardInBias, Matrix feedForwardOut,
                StoredTensor feedForwardOutBias, Norm feedForwardPostNorm) {
            this(attentionNorm, queryKeyValue, queryKeyValueBias, queryNorm, keyNorm, attentionOut, attentionOutBias,
                    attentionPostNorm, feedForwardNorm, feedForwardIn, feedForwardInBias, feedForwardOut,
                    feedForwardOutBias, feedForwardPostNorm, null);
        }
    }

    /// The feed-forward part of a layer with experts.
    ///
    /// @param router     [experts, hidden]: scores
    /// @param routerBias [experts], or null
    /// @param correction [experts], added to probabilities where experts are selected, or null
    /// @param in         of each expert, as [Layer#feedForwardIn]
    /// @param inBias     of all experts one after another, or null
    /// @param out        of each expert, as [Layer#feedForwardOut]
    /// @param outBias    of all experts one after another, or null
    /// @param shared     what all rows go through as well, or null
    public record Experts(
            Matrix router, StoredTensor routerBias, StoredTensor correction,
            List<Matrix> in, StoredTensor inBias, List<Matrix> out, StoredTensor outBias, SharedExpert shared) {
        public Experts {
            in = List.copyOf(in);
            out = List.copyOf(out);
        }
    }

    /// @param gate [1, hidden]: its sigmoid multiplies what comes out; null for none
    public record SharedExpert(Matrix in, Matrix out, Matrix gate) {}

    /// @param weight one value per column
    /// @param bias   the same, or null
    public record Norm(StoredTensor weight, StoredTensor bias) {}
}
