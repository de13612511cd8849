package dev.flover.engine.model;

import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.StoredTensor;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The weights of a model by role. A role that the family does not have is null.
///
/// @param embedding token embeddings [vocabulary, hidden]
/// @param positions learned positions [contextLength, hidden] (GPT-2), or null
/// @param head      the vocabulary projection [vocabulary, hidden]; the same object as `embedding` if the two are tied
/// @param headBias  `[vocabulary]`, or null
public record Weights(
        Matrix embedding,
        @Nullable Matrix positions,
        List<Layer> layers,
        Norm finalNorm,
        Matrix head,
        @Nullable StoredTensor headBias) {

    public Weights {
        layers = List.copyOf(layers);
    }

    /// The weights of one layer.
    ///
    /// @param attentionNorm     the norm before attention; null if there are only norms after (OLMo 2)
    /// @param queryKeyValue     [(heads + 2 kvHeads) * headDim, hidden]: queries, then keys, then values, head by head
    /// @param queryKeyValueBias [(heads + 2 kvHeads) * headDim], or null
    /// @param queryNorm         the norm over each query head (Qwen3, Gemma 3) or over all heads together (OLMo 2), or
    ///                          null
    /// @param keyNorm           the same for keys, or null
    /// @param sinks             `[heads]`, a logit for each query head that takes part in the softmax of attention
    ///                          without a value (gpt-oss), or null
    /// @param attentionOut      [hidden, heads * headDim], summed in shards of whole heads
    /// @param attentionPostNorm the norm of attention's result before it joins the residual stream (Gemma), or null
    /// @param feedForwardNorm   the norm before the feed-forward layer; null if this layer reads the same input as
    ///                          attention (GPT-J), or if there are only norms after
    /// @param feedForwardIn     [feedForward, hidden], or, if gated, gate above up: [2 * feedForward, hidden]; null in
    ///                          layers with experts
    /// @param feedForwardOut    [hidden, feedForward], summed in shards; null in layers with experts
    /// @param experts           null in layers without experts
    /// @param latent            null in models without latent attention; otherwise `queryKeyValue` is null
    @RecordBuilder
    @RecordBuilder.Options(enableWither = false)
    public record Layer(
            @Nullable Norm attentionNorm,
            @Nullable Matrix queryKeyValue,
            @Nullable StoredTensor queryKeyValueBias,
            @Nullable Norm queryNorm,
            @Nullable Norm keyNorm,
            @Nullable StoredTensor sinks,
            Matrix attentionOut,
            @Nullable StoredTensor attentionOutBias,
            @Nullable Norm attentionPostNorm,
            @Nullable Norm feedForwardNorm,
            @Nullable Matrix feedForwardIn,
            @Nullable StoredTensor feedForwardInBias,
            @Nullable Matrix feedForwardOut,
            @Nullable StoredTensor feedForwardOutBias,
            @Nullable Norm feedForwardPostNorm,
            @Nullable Experts experts,
            @Nullable Latent latent) {}

    /// The projections of latent attention.
    ///
    /// @param queryDown [queryRank, hidden], or null if queries are not compressed
    /// @param queryNorm the norm of compressed queries, or null
    /// @param queryUp   [heads * (plain + turned), queryRank or hidden]; of each head, the plain dimensions come first
    /// @param keyDown   [rank + turned, hidden]: the latent vector, then the rotated key
    /// @param keyNorm   the norm of the latent vector
    /// @param keyUp     for each head [rank, plain], the transpose of its key matrix
    /// @param valueUp   for each head [valueDim, rank], its value matrix
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    public record Latent(
            @Nullable Matrix queryDown, @Nullable Norm queryNorm, Matrix queryUp, Matrix keyDown, Norm keyNorm,
            List<Matrix> keyUp, List<Matrix> valueUp) {
        public Latent {
            keyUp = List.copyOf(keyUp);
            valueUp = List.copyOf(valueUp);
        }
    }

    /// The feed-forward part of a layer with experts.
    ///
    /// @param router     [experts, hidden]: computes the scores of the experts
    /// @param routerBias `[experts]`, or null
    /// @param correction `[experts]`, added to probabilities only to select experts, or null
    /// @param in         one matrix for each expert, as [Layer#feedForwardIn]
    /// @param inBias     the biases of all experts one after another, or null
    /// @param out        one matrix for each expert, as [Layer#feedForwardOut]
    /// @param outBias    the biases of all experts one after another, or null
    /// @param shared     the expert that all rows use in addition, or null
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    public record Experts(
            Matrix router, @Nullable StoredTensor routerBias, @Nullable StoredTensor correction,
            List<Matrix> in, @Nullable StoredTensor inBias, List<Matrix> out, @Nullable StoredTensor outBias,
            @Nullable SharedExpert shared) {
        public Experts {
            in = List.copyOf(in);
            out = List.copyOf(out);
        }
    }

    /// @param gate [1, hidden]: the sigmoid of its product with a row multiplies the row's result; null for none
    public record SharedExpert(Matrix in, Matrix out, @Nullable Matrix gate) {}

    /// @param weight one value for each column
    /// @param bias   one value for each column, or null
    public record Norm(StoredTensor weight, @Nullable StoredTensor bias) {}
}
