package dev.flover.engine.model;

import java.util.List;

/// A transformer as data: everything that makes one family differ from another.
///
/// @param architecture   as the file names it: `llama`, `qwen2`, `gptj`, ...
/// @param hidden         width of the residual stream
/// @param heads          query heads
/// @param kvHeads        key and value heads, a divisor of `heads`
/// @param headDim        width of one head; need not be `hidden / heads`
/// @param feedForward    width of the feed-forward layer
/// @param vocabulary     number of token ids
/// @param contextLength  most positions the model was made for
/// @param normKind       of every norm in the model
/// @param normEpsilon    added under the root
/// @param block          how attention and feed-forward are wired
/// @param activation     of the feed-forward layer
/// @param gated          whether the activation multiplies a second projection (SwiGLU and relatives)
/// @param embeddingScale multiplies token embeddings; 1 for most
/// @param attentionScale multiplies query-key products, usually 1/sqrt(headDim)
/// @param attentionSoftCap `cap * tanh(x / cap)` on query-key products; 0 for none
/// @param logitSoftCap   the same on logits; 0 for none
/// @param layers         what differs from layer to layer, one entry per layer
/// @param queryScaling   how queries grow with their position; null where they do not
/// @param routing        how rows choose experts, in the layers that have some; null where none has
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
        QueryScaling queryScaling,
        Routing routing) {

    public ModelConfig {
        layers = List.copyOf(layers);
        positive("hidden", hidden);
        positive("heads", heads);
        positive("kvHeads", kvHeads);
        positive("headDim", headDim);
        positive("feedForward", feedForward);
        positive("vocabulary", vocabulary);
        positive("contextLength", contextLength);
        positive("layers", layers.size());
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException(
                    "heads (" + heads + ") must be a multiple of kvHeads (" + kvHeads + ")");
        }
    }

    /// A transformer with nothing that only few families have.
    public ModelConfig(
            String architecture, int hidden, int heads, int kvHeads, int headDim, int feedForward, int vocabulary,
            int contextLength, NormKind normKind, float normEpsilon, Block block, Activation activation, boolean gated,
            float embeddingScale, float attentionScale, float attentionSoftCap, float logitSoftCap,
            List<LayerConfig> layers) {
        this(architecture, hidden, heads, kvHeads, headDim, feedForward, vocabulary, contextLength, normKind,
                normEpsilon, block, activation, gated, embeddingScale, attentionScale, attentionSoftCap, logitSoftCap,
                layers, null, null);
    }

    /// Width of the queries of one position.
    public int queryWidth() {
        return heads * headDim;
    }

    /// Width of the keys, and of the values, of one position.
    public int kvWidth() {
        return kvHeads * headDim;
    }

    /// Longer sequences than this have their positions turned by other frequencies, from the first position on;
    /// [Integer#MAX_VALUE] where all are turned alike. The same in all layers.
    public int stretchedBeyond() {
        var rotary = layers.getFirst().rotary();
        return rotary == null || rotary.stretch() == null ? Integer.MAX_VALUE : rotary.stretch().beyond();
    }

    private static void positive(String field, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(field + " must be at least 1, was " + value);
        }
    }

    public enum NormKind {
        /// x / rms(x) * weight (Zhang and Sennrich 2019).
        RMS,
        /// (x - mean) / deviation * weight + bias (Ba et al. 2016).
        LAYER
    }

    public enum Block {
        /// Attention, then feed-forward on its result; norms before each, and after each where the weights have them.
        SEQUENTIAL,
        /// Attention and feed-forward both read the block's input; their results are added together (GPT-J, GPT-NeoX).
        PARALLEL
    }

    public enum Activation {
        SILU,
        /// The tanh approximation of GELU.
        GELU_TANH,
        /// GELU with the error function.
        GELU_ERF,
        /// max(x, 0).
        RELU,
        /// The square of max(x, 0) (So et al. 2021).
        RELU_SQUARED
    }

    /// How a row chooses the experts of a layer, and what each is worth (Shazeer et al. 2017; Fedus et al. 2022).
    ///
    /// Scores become probabilities; of the open groups the experts with the highest are chosen, each weighed by its
    /// own.
    ///
    /// @param experts      of a layer
    /// @param chosen       by each row
    /// @param width        of one expert's feed-forward layer
    /// @param sharedWidth  of the one that all rows go through; 0 for none
    /// @param normalised   whether the weights of a row are divided by their sum
    /// @param scale        multiplies the weights
    /// @param groups       of neighbouring experts (DeepSeek-AI 2024); 1 for none
    /// @param chosenGroups the groups with the highest scores, from which a row chooses
    public record Routing(
            int experts, int chosen, int width, int sharedWidth, Scoring scoring, boolean normalised, float scale,
            int groups, int chosenGroups) {
        private static final int MOST_EXPERTS = 1 << 12;

        public Routing {
            if (experts < 1 || experts > MOST_EXPERTS || width < 1 || sharedWidth < 0) {
                throw new IllegalArgumentException("there cannot be " + experts + " experts of width " + width
                        + " beside a shared one of width " + sharedWidth);
            }
            if (groups < 1 || experts % groups != 0 || chosenGroups < 1 || chosenGroups > groups) {
                throw new IllegalArgumentException(chosenGroups + " groups of " + groups + " with " + experts
                        + " experts in all cannot be chosen");
            }
            if (chosen < 1 || chosen > experts / groups * chosenGroups) {
                throw new IllegalArgumentException(chosen + " experts cannot be chosen from "
                        + experts / groups * chosenGroups);
            }
            if (!(scale > 0 && scale <= 1e6)) {     // written positively, so NaN fails too
                throw new IllegalArgumentException("experts cannot be weighed by " + scale);
            }
        }

        public enum Scoring {
            /// Over all experts. A group is worth its best expert.
            SOFTMAX,
            /// Of each expert's own score. A group is worth its best two experts.
            SIGMOID
        }
    }

    /// Queries are multiplied by `1 + beta * log(1 + floor(position / every))`, so that attention stays as sharp over
    /// many positions as over few (Ministral 3, Llama 4).
    ///
    /// @param every the context that was trained first: no query before it is changed
    public record QueryScaling(double beta, int every) {
        public QueryScaling {
            if (!(beta >= 0 && beta <= 1000) || every < 1) {        // written positively, so NaN fails too
                throw new IllegalArgumentException("queries cannot grow by " + beta + " every " + every + " positions");
            }
        }

        /// At one position.
        public double factor(int position) {
            return 1 + beta * StrictMath.log(1 + position / every);
        }
    }

    /// @param window how many positions back attention sees, itself included; 0 for all
    /// @param rotary rotary positions; null where the model learned its positions, or where the layer has none
    public record LayerConfig(int window, Rotary rotary) {}

    /// Rotary position embedding (Su et al. 2021).
    ///
    /// @param dims        how many leading dimensions of a head are rotated, even
    /// @param pairing     which two dimensions turn together
    /// @param frequencies radians per position for each pair, `dims / 2` of them, scaling already applied
    /// @param magnitude   multiplies sine and cosine (YaRN's attention factor); 1 for most
    /// @param stretch     what replaces the frequencies in long sequences (LongRoPE); null for most
    public record Rotary(
            int dims, Pairing pairing, List<Double> frequencies, double magnitude, Stretch stretch) {
        public Rotary {
            frequencies = List.copyOf(frequencies);
            int stretched = stretch == null ? frequencies.size() : stretch.frequencies.size();
            if (dims < 2 || dims % 2 != 0 || frequencies.size() != dims / 2 || stretched != dims / 2) {
                throw new IllegalArgumentException("rotary positions over " + dims + " dimensions need " + dims / 2
                        + " frequencies, found " + frequencies.size() + " and, for long sequences, " + stretched);
            }
        }

        /// The same frequencies however long a sequence is.
        public Rotary(int dims, Pairing pairing, List<Double> frequencies, double magnitude) {
            this(dims, pairing, frequencies, magnitude, null);
        }

        /// Positions below this one turn in two ways: as part of a short sequence, and as part of a long one.
        public int ambiguousPositions() {
            return stretch == null ? 0 : stretch.beyond;
        }

        /// By how much a pair is turned, in radians.
        ///
        /// @param turn as in [dev.flover.engine.backend.StepPlan#turns]: the position, or in a long sequence the
        ///             positions below [#ambiguousPositions] less that number, so -1 is the last of them
        public double angle(int turn, int pair) {
            boolean stretched = stretch != null && (turn < 0 || turn >= stretch.beyond);
            long position = turn < 0 ? turn + ambiguousPositions() : turn;
            return position * (stretched ? stretch.frequencies : frequencies).get(pair);
        }

        /// @param beyond      sequences of more positions than this are turned by these frequencies, all of them
        /// @param frequencies radians per position for each pair
        public record Stretch(int beyond, List<Double> frequencies) {
            public Stretch {
                frequencies = List.copyOf(frequencies);
                positive("beyond", beyond);
            }
        }

        public enum Pairing {
            /// Dimensions 2i and 2i+1 (GPT-J, and Llama as GGUF stores it).
            ADJACENT,
            /// Dimensions i and i + dims/2 (GPT-NeoX, and Hugging Face's Llama).
            HALVES
        }
    }
}
