package dev.flover.engine.model;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A transformer as data: everything that distinguishes one model family from another.
///
/// @param architecture   the file's name of the architecture: `llama`, `qwen2`, `gptj`, ...
/// @param hidden         the width of the residual stream
/// @param heads          the number of query heads
/// @param kvHeads        the number of key and value heads, a divisor of `heads`
/// @param headDim        the width of one head; not always `hidden / heads`
/// @param feedForward    the width of the feed-forward layer
/// @param vocabulary     the number of token ids
/// @param contextLength  the most positions of a sequence
/// @param normKind       the kind of every norm in the model
/// @param normEpsilon    added under the square root of every norm
/// @param block          how attention and feed-forward are connected
/// @param activation     the activation of the feed-forward layer
/// @param gated          whether the activation multiplies a second projection (SwiGLU and its relatives)
/// @param embeddingScale multiplies token embeddings; 1 for most families
/// @param attentionScale multiplies query-key products, usually 1/sqrt(headDim)
/// @param attentionSoftCap `cap * tanh(x / cap)` on query-key products; 0 for none
/// @param logitSoftCap   the same on logits; 0 for none
/// @param layers         the settings that differ from layer to layer, one element for each layer
/// @param queryScaling   how queries are scaled with their position; null for not at all
/// @param routing        how rows choose experts in layers with experts; null if no layer has any
/// @param latent         how keys and values are compressed; null if they are not
@RecordBuilder
public record ModelConfig(
        String architecture,
        int hidden,
        int heads,
        int kvHeads,
        int headDim,
        int feedForward,
        int vocabulary,
        int contextLength,
        NormKind normKind,
        float normEpsilon,
        Block block,
        Activation activation,
        boolean gated,
        float embeddingScale,
        float attentionScale,
        float attentionSoftCap,
        float logitSoftCap,
        List<LayerConfig> layers,
        @Nullable QueryScaling queryScaling,
        @Nullable Routing routing,
        @Nullable Latent latent) implements ModelConfigBuilder.With {

    public ModelConfig {
        layers = List.copyOf(layers);
        Objects.requireNonNull(normKind, "normKind");
        Objects.requireNonNull(block, "block");
        Objects.requireNonNull(activation, "activation");
        positive("hidden", hidden);
        positive("heads", heads);
        positive("kvHeads", kvHeads);
        positive("headDim", headDim);
        positive("feedForward", feedForward);
        positive("vocabulary", vocabulary);
        positive("contextLength", contextLength);
        positive("layers", layers.size());
        positive("embeddingScale", embeddingScale);
        positive("attentionScale", attentionScale);
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException(
                    "heads (" + heads + ") must be a multiple of kvHeads (" + kvHeads + ")");
        }
        if (latent != null && (kvHeads != 1 || headDim != latent.turned() + latent.rank())) {
            throw new IllegalArgumentException("latent attention has one key head of " + latent.turned() + " and "
                    + latent.rank() + " dimensions, found " + kvHeads + " of " + headDim);
        }
    }

    /// The width of a row of queries, keys and values, as attention reads it.
    public int rowWidth() {
        return queryWidth() + (latent == null ? 2 : 1) * kvWidth();
    }

    /// The width of attention's result for one position, before it is projected back to the residual stream.
    public int attendedWidth() {
        return latent == null ? queryWidth() : heads * latent.valueDim();
    }

    /// The numbers that the KV cache holds for one position in one layer.
    public int cachedWidth() {
        return rowWidth() - queryWidth();
    }

    /// The width of the queries of one position.
    public int queryWidth() {
        return heads * headDim;
    }

    /// The width of the keys, and of the values, of one position.
    public int kvWidth() {
        return kvHeads * headDim;
    }

    /// The most positions that a query attends to in any layer, its own included; 0 if a layer attends to all.
    public int widestWindow() {
        int widest = 0;
        for (var layer : layers) {
            if (layer.window() == 0) {
                return 0;
            }
            widest = Math.max(widest, layer.window());
        }
        return widest;
    }

    /// The most positions that a query attends to in the layers that have a window, its own included, where other
    /// layers have none. 0 if all layers or none have a window, or if a window is as long as the context.
    public int windowOfSome() {
        int widest = layers.stream().mapToInt(LayerConfig::window).max().orElse(0);
        return widestWindow() > 0 || widest >= contextLength ? 0 : widest;
    }

    /// The numbers of the layers that have a window of [#windowOfSome] positions at most; none if that is 0.
    public Set<Integer> windowedLayers() {
        return windowOfSome() == 0 ? Set.of() : IntStream.range(0, layers.size())
                .filter(layer -> layers.get(layer).window() > 0).boxed().collect(Collectors.toUnmodifiableSet());
    }

    /// A sequence of more positions than this uses other rotary frequencies for all its positions. [Integer#MAX_VALUE]
    /// if all sequences use the same frequencies. The same for all layers.
    public int stretchedBeyond() {
        var rotary = layers.getFirst().rotary();
        return rotary == null || rotary.stretch() == null ? Integer.MAX_VALUE : rotary.stretch().beyond();
    }

    private static void positive(String field, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(field + " must be at least 1, was " + value);
        }
    }

    private static void positive(String field, float value) {
        if (!(value > 0)) {      // written positively, so NaN fails too
            throw new IllegalArgumentException(field + " must be positive, was " + value);
        }
    }

    /// The kind of normalisation of a row.
    public enum NormKind {
        /// RMS norm: x / rms(x) * weight (Zhang and Sennrich 2019).
        RMS,
        /// Layer norm: (x - mean) / deviation * weight + bias (Ba et al. 2016).
        LAYER
    }

    /// How attention and the feed-forward layer of a transformer block are connected.
    public enum Block {
        /// Attention, then feed-forward on the result; a norm before each, and after each if the weights have such
        /// norms.
        SEQUENTIAL,
        /// Attention and feed-forward both read the block's input; their results are added to it (GPT-J, GPT-NeoX).
        PARALLEL
    }

    /// The non-linearity of the feed-forward layer.
    public enum Activation {
        /// `x * sigmoid(x)` (Hendrycks and Gimpel 2016).
        SILU,
        /// The tanh approximation of GELU (Hendrycks and Gimpel 2016).
        GELU_TANH,
        /// GELU with the error function.
        GELU_ERF,
        /// The rectifier, max(x, 0).
        RELU,
        /// The square of max(x, 0) (So et al. 2021).
        RELU_SQUARED,
        /// SwiGLU with bounds (gpt-oss): `gate * sigmoid(1.702 * gate) * (up + 1)`, where the gate is at most 7 and the
        /// up projection is between -7 and 7.
        CLAMPED_SWIGLU
    }

    /// How a row chooses the experts of a layer, and with which weights (Shazeer et al. 2017; Fedus et al. 2022).
    ///
    /// Scores become probabilities. The row chooses the experts with the highest probabilities among those of its
    /// chosen groups, and weighs each expert by its probability.
    ///
    /// @param experts      the number of experts of a layer
    /// @param chosen       the number of experts that each row chooses
    /// @param width        the width of one expert's feed-forward layer
    /// @param sharedWidth  the width of the shared expert, which all rows use; 0 for none
    /// @param normalised   whether the weights of a row are divided by their sum
    /// @param scale        multiplies the weights
    /// @param groups       the number of groups of neighbouring experts (DeepSeek-AI 2024); 1 for none
    /// @param chosenGroups the number of groups with the highest scores from which a row chooses
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    public record Routing(
            int experts, int chosen, int width, int sharedWidth, Scoring scoring, boolean normalised, float scale,
            int groups, int chosenGroups) {
        private static final int MOST_EXPERTS = 1 << 12;

        public Routing {
            if (experts < 1 || experts > MOST_EXPERTS || width < 1 || sharedWidth < 0) {
                throw new IllegalArgumentException("invalid number or width of experts: " + experts + " of width "
                        + width + ", and a shared one of width " + sharedWidth + "; 1 to " + MOST_EXPERTS
                        + " are supported");
            }
            if (groups < 1 || experts % groups != 0 || chosenGroups < 1 || chosenGroups > groups) {
                throw new IllegalArgumentException("invalid groups of experts: " + chosenGroups + " chosen of " + groups
                        + ", which must divide the " + experts + " experts");
            }
            if (chosen < 1 || chosen > experts / groups * chosenGroups) {
                throw new IllegalArgumentException("invalid number of chosen experts: " + chosen + "; expected 1 to "
                        + experts / groups * chosenGroups);
            }
            if (!(scale > 0 && scale <= 1e6)) {     // written positively, so NaN fails too
                throw new IllegalArgumentException("invalid scale of expert weights: " + scale
                        + "; expected more than 0, up to 1e6");
            }
        }

        /// The routing of rows to all of several matrices, with equal weights.
        public static Routing toAll(int matrices) {
            return new Routing(matrices, matrices, 1, 0, Scoring.SOFTMAX, false, 1, 1, 1);
        }

        public enum Scoring {
            /// A softmax over the scores of all experts. The score of a group is that of its best expert.
            SOFTMAX,
            /// The sigmoid of each expert's score. The score of a group is the sum of those of its best two experts.
            SIGMOID
        }
    }

    /// Latent attention (DeepSeek-AI 2024): the keys and values of all heads are linear functions of one latent vector,
    /// and the cache holds that vector and one rotated key for all heads. A query is multiplied by its head's key
    /// matrix instead of each latent vector, and a head's weighted sum of latent vectors by its value matrix.
    ///
    /// ```
    ///   key of a position in the cache   [ rotated | latent ]
    ///   query of a head                  [ rotated | key matrixᵀ * plain ]
    /// ```
    ///
    /// @param queryRank the width of compressed queries; 0 if queries are not compressed
    /// @param rank      the width of the latent vector
    /// @param plain     the dimensions of a head that are not rotated
    /// @param turned    the dimensions of a head that are rotated
    /// @param valueDim  the dimensions of a head's value
    @RecordBuilder
    @RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
    public record Latent(int queryRank, int rank, int plain, int turned, int valueDim) {
        private static final int MOST = 1 << 16;

        public Latent {
            if (queryRank < 0 || queryRank > MOST || rank < 1 || rank > MOST || plain < 1 || plain > MOST || turned < 2
                    || turned > MOST || valueDim < 1 || valueDim > MOST) {
                throw new IllegalArgumentException("invalid widths of latent attention: " + rank + " for keys, "
                        + queryRank + " for queries, heads of " + plain + " + " + turned + ", values of " + valueDim);
            }
        }
    }

    /// Multiplies queries by `1 + beta * log(1 + floor(position / every))`, so that attention over many positions stays
    /// as sharp as over few (Ministral 3, Llama 4).
    ///
    /// @param every the context of the first training stage, in positions; queries within it are unchanged
    public record QueryScaling(double beta, int every) {
        public QueryScaling {
            if (!(beta >= 0 && beta <= 1000) || every < 1) {        // written positively, so NaN fails too
                throw new IllegalArgumentException("invalid query scaling: beta " + beta + ", expected 0 to 1000, "
                        + "every " + every + " positions, expected at least 1");
            }
        }

        /// The factor at one position.
        public double factor(int position) {
            return 1 + beta * StrictMath.log(1 + position / every);
        }
    }

    /// The settings of one layer.
    ///
    /// @param window the number of positions that a query attends to, its own included; 0 for all
    /// @param rotary the rotary positions; null if the model learned its positions or the layer has none
    public record LayerConfig(int window, @Nullable Rotary rotary) {}

    /// Rotary position embedding (Su et al. 2021).
    ///
    /// @param dims        the number of leading dimensions of a head that are rotated, even
    /// @param pairing     which two dimensions form a pair that is rotated together
    /// @param frequencies radians per position for each pair, `dims / 2` values, scaling already applied
    /// @param magnitude   multiplies sine and cosine (YaRN's attention factor); 1 for most models
    /// @param stretch     the frequencies of long sequences (LongRoPE); null for the same ones
    public record Rotary(
            int dims, Pairing pairing, List<Double> frequencies, double magnitude, @Nullable Stretch stretch) {
        public Rotary {
            frequencies = List.copyOf(frequencies);
            int stretched = stretch == null ? frequencies.size() : stretch.frequencies.size();
            if (dims < 2 || dims % 2 != 0 || frequencies.size() != dims / 2 || stretched != dims / 2) {
                throw new IllegalArgumentException("rotary positions over " + dims + " dimensions need " + dims / 2
                        + " frequencies, found " + frequencies.size() + " and, for long sequences, " + stretched);
            }
        }

        /// Rotary positions with the same frequencies for sequences of any length.
        public Rotary(int dims, Pairing pairing, List<Double> frequencies, double magnitude) {
            this(dims, pairing, frequencies, magnitude, null);
        }

        /// Positions below this number have two rotations: one in short sequences, and one in long sequences.
        public int ambiguousPositions() {
            return stretch == null ? 0 : stretch.beyond;
        }

        /// The angle by which a pair is rotated, in radians.
        ///
        /// @param turn as in [dev.flover.engine.backend.StepPlan#turns]: the position; but in a long sequence, for a
        ///             position below [#ambiguousPositions], the position minus this number, which is negative
        public double angle(int turn, int pair) {
            long position = turn < 0 ? turn + ambiguousPositions() : turn;
            var used = stretch != null && (turn < 0 || turn >= stretch.beyond) ? stretch.frequencies : frequencies;
            return position * used.get(pair);
        }

        /// The frequencies of long sequences.
        ///
        /// @param beyond      a sequence with more positions than this uses these frequencies for all its positions
        /// @param frequencies radians per position for each pair
        public record Stretch(int beyond, List<Double> frequencies) {
            public Stretch {
                frequencies = List.copyOf(frequencies);
                positive("beyond", beyond);
            }
        }

        public enum Pairing {
            /// A pair is dimensions 2i and 2i+1 (GPT-J, and Llama as GGUF stores it).
            ADJACENT,
            /// A pair is dimensions i and i + dims/2 (GPT-NeoX, and Hugging Face's Llama).
            HALVES
        }
    }
}
