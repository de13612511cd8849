package dev.flover.engine.loading;

import static dev.flover.engine.loading.families.TensorRole.ATTENTION_NORM;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_OUT;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.DOWN;
import static dev.flover.engine.loading.families.TensorRole.EMBEDDING;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.FINAL_NORM;
import static dev.flover.engine.loading.families.TensorRole.GATE;
import static dev.flover.engine.loading.families.TensorRole.GATE_UP;
import static dev.flover.engine.loading.families.TensorRole.HEAD;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_NORM;
import static dev.flover.engine.loading.families.TensorRole.POSITIONS;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_KEY_VALUE;
import static dev.flover.engine.loading.families.TensorRole.QUERY_NORM;
import static dev.flover.engine.loading.families.TensorRole.SINKS;
import static dev.flover.engine.loading.families.TensorRole.UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.format.TensorSource;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorNames;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.KShards;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Block;
import dev.flover.engine.model.Weights;
import dev.flover.engine.model.Weights.Layer;
import dev.flover.engine.model.Weights.Norm;
import dev.flover.engine.model.WeightsLayerBuilder;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.Matrix.RowRange;
import dev.flover.engine.tensor.Mxfp4;
import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Finds a model's tensors by role, checks their shapes, and assembles them to the [Weights] of the forward pass.
///
/// Strict in both directions: every tensor that the family needs must be present, and a tensor that the family does not
/// know means that the file belongs to another family than it says.
final class WeightAssembler {
    private final TensorSource source;
    private final Family family;
    private final TensorNames names;
    private final boolean folder;
    private final ModelConfig config;
    private final float logitScale;
    private final TensorCopies copies;
    /// Null in models without experts.
    private final @Nullable ExpertAssembler experts;
    /// Null in models without latent attention.
    private final @Nullable LatentAssembler latents;
    private final String prefix;
    private final Set<String> used = new HashSet<>();
    private final List<StoredTensor> repacked = new ArrayList<>();

    /// @param folder     whether the tensors follow the conventions of Hugging Face folders rather than of GGUF
    /// @param logitScale the factor on logits; it is applied here to the final norm and the bias of the vocabulary
    ///                   projection
    WeightAssembler(
            TensorSource source, Family family, boolean folder, ModelConfig config, double logitScale,
            TensorCopies copies) {
        this.source = source;
        this.family = family;
        this.names = folder ? family.tensors() : family.ggufTensors();
        this.folder = folder;
        this.config = config;
        this.logitScale = (float) logitScale;
        this.copies = copies;
        this.experts = config.routing() == null ? null
                : new ExpertAssembler(this, family, config, config.routing(), copies, folder);
        this.latents = config.latent() == null ? null
                : new LatentAssembler(this, config, config.latent(), copies);
        this.prefix = prefix(source, names);
    }

    /// Assembles all weights.
    ///
    /// @param tied whether the vocabulary projection is the embedding. If empty, the projection has weights of its own
    ///             exactly if the file has a tensor for it
    Weights assemble(Optional<Boolean> tied) {
        var embedding = Matrix.of(Role.EMBEDDING, matrix(EMBEDDING, 0, config.vocabulary(), config.hidden()));
        var positions = names.names().containsKey(POSITIONS) ? positions() : null;
        var layers = new ArrayList<Layer>();
        for (int layer = 0; layer < config.layers().size(); layer++) {
            layers.add(layer(layer));
        }
        var finalNorm = scaled(norm(FINAL_NORM, 0, config.hidden()));
        boolean ownHead = tied.map(same -> !same).orElseGet(() -> present(HEAD, 0));
        var head = ownHead ? Matrix.of(Role.HEAD, matrix(HEAD, 0, config.vocabulary(), config.hidden())) : embedding;
        var headBias = scaledIfAny(bias(HEAD, 0, config.vocabulary()));
        return new Weights(embedding, positions, layers, finalNorm, head, headBias);
    }

    private Norm scaled(Norm norm) {
        return new Norm(scaled(norm.weight()), scaledIfAny(norm.bias()));
    }

    private StoredTensor scaled(StoredTensor vector) {
        return logitScale == 1 ? vector : copies.times(vector, logitScale);
    }

    private @Nullable StoredTensor scaledIfAny(@Nullable StoredTensor vector) {
        return vector == null ? null : scaled(vector);
    }

    /// The tensors that were used, as the file stores them.
    List<StoredTensor> used() {
        return Stream.concat(used.stream().sorted().map(source::tensor).flatMap(Optional::stream), repacked.stream())
                .toList();
    }

    /// The names of tensors in the file that belong to no role.
    Set<String> unused() {
        var unused = new HashSet<>(source.tensorNames());
        unused.removeAll(used);
        return unused;
    }

    /// The number of rows of the embedding, read before the model's config is known.
    static int vocabulary(TensorSource source, TensorNames names) {
        String name = prefix(source, names) + names.name(EMBEDDING, 0).orElseThrow() + ".weight";
        return source.tensor(name).orElseThrow(() -> missing(source, name)).rows();
    }

    private static String prefix(TensorSource source, TensorNames names) {
        String embedding = names.name(EMBEDDING, 0).orElseThrow() + ".weight";
        for (String prefix : names.prefixes()) {
            if (source.tensorNames().contains(prefix + embedding)) {
                return prefix;
            }
        }
        throw missing(source, names.prefixes().getFirst() + embedding);
    }

    private Layer layer(int layer) {
        int hidden = config.hidden();
        int wide = config.feedForward();
        var attentionOut = matrix(ATTENTION_OUT, layer, hidden, config.attendedWidth());
        var ofLayer = experts == null ? null : experts.experts(layer);
        var latent = latents == null ? null : latents.latent(layer);
        var down = ofLayer == null ? matrix(DOWN, layer, hidden, wide) : null;
        return WeightsLayerBuilder.builder().attentionNorm(optionalNorm(ATTENTION_NORM, layer, hidden))
                .queryKeyValue(latent == null ? queryKeyValue(layer) : null)
                .queryKeyValueBias(latent == null ? queryKeyValueBias(layer) : null).latent(latent)
                .queryNorm(headNorm(QUERY_NORM, layer, config.queryWidth()))
                .keyNorm(headNorm(KEY_NORM, layer, config.kvWidth()))
                .sinks(has(SINKS) ? matrix(SINKS, layer, 1, config.heads()) : null)
                .attentionOut(Matrix.of(Role.ATTENTION_OUT, attentionOut)
                        .withShards(KShards.ofHeads(config.heads(), config.attendedWidth() / config.heads())))
                .attentionOutBias(bias(ATTENTION_OUT, layer, hidden))
                .attentionPostNorm(optionalNorm(ATTENTION_POST_NORM, layer, hidden))
                .feedForwardNorm(feedForwardNorm(layer)).feedForwardIn(down == null ? null : feedForwardIn(layer))
                .feedForwardInBias(down == null ? null : feedForwardInBias(layer))
                .feedForwardOut(down == null ? null
                        : Matrix.of(Role.DOWN, down).withShards(KShards.ofColumns(down.columns())))
                .feedForwardOutBias(down == null ? null : bias(DOWN, layer, hidden))
                .feedForwardPostNorm(optionalNorm(FEED_FORWARD_POST_NORM, layer, hidden)).experts(ofLayer).build();
    }

    private @Nullable Norm feedForwardNorm(int layer) {
        boolean none = !names.names().containsKey(FEED_FORWARD_NORM)
                || family.optional().contains(FEED_FORWARD_NORM) && !present(FEED_FORWARD_NORM, layer)
                || fullName(FEED_FORWARD_NORM, layer).equals(fullName(ATTENTION_NORM, layer));
        if (none && config.block() == Block.SEQUENTIAL && names.names().containsKey(FEED_FORWARD_NORM)) {
            throw missing(source, fullName(FEED_FORWARD_NORM, layer) + ".weight");
        }
        return none ? null : norm(FEED_FORWARD_NORM, layer, config.hidden());
    }

    /// The norm of queries or keys: over each head, or over all heads together if its weight is that long; null for
    /// none.
    private @Nullable Norm headNorm(TensorRole role, int layer, int width) {
        if (!has(role) || family.optional().contains(role) && !present(role, layer)) {
            return null;
        }
        var weight = required(fullName(role, layer) + ".weight");
        return norm(role, layer, weight.columns() == width ? width : config.headDim());
    }

    // Assembling the weights of attention

    private Matrix queryKeyValue(int layer) {
        int hidden = config.hidden();
        if (!fused(layer)) {
            return Matrix.of(Role.QUERY_KEY_VALUE,
                    matrix(QUERY, layer, config.queryWidth(), hidden),
                    matrix(KEY, layer, config.kvWidth(), hidden),
                    matrix(VALUE, layer, config.kvWidth(), hidden));
        }
        var tensor = matrix(QUERY_KEY_VALUE, layer, config.queryWidth() + 2 * config.kvWidth(), hidden);
        return interleaved() ? new Matrix(Role.QUERY_KEY_VALUE, headByHead(tensor), 1)
                : Matrix.of(Role.QUERY_KEY_VALUE, tensor);
    }

    private @Nullable StoredTensor queryKeyValueBias(int layer) {
        if (!fused(layer)) {
            var query = bias(QUERY, layer, config.queryWidth());
            var key = bias(KEY, layer, config.kvWidth());
            var value = bias(VALUE, layer, config.kvWidth());
            if (query == null && key == null && value == null) {
                return null;
            }
            return copies.joined(List.of(
                    orZeros(query, config.queryWidth()), orZeros(key, config.kvWidth()),
                    orZeros(value, config.kvWidth())));
        }
        var bias = bias(QUERY_KEY_VALUE, layer, config.queryWidth() + 2 * config.kvWidth());
        return bias != null && interleaved() ? headByHead(bias, TensorCopies.values(bias)) : bias;
    }

    private boolean fused(int layer) {
        return names.names().containsKey(QUERY_KEY_VALUE)
                && !(names.names().containsKey(QUERY) && present(QUERY, layer));
    }

    private boolean interleaved() {
        return folder && family.interleavedHeads();
    }

    /// Reorders the rows of a fused projection. The file holds the queries, key and value of key head 0, then of key
    /// head 1, and so on; the result holds all queries, then all keys, then all values.
    private List<RowRange> headByHead(StoredTensor fused) {
        int width = config.headDim();
        int queries = config.heads() / config.kvHeads();
        var ranges = new ArrayList<RowRange>();
        int[] firsts = {0, queries, queries + 1};
        int[] counts = {queries, 1, 1};
        for (int part = 0; part < 3; part++) {
            for (int head = 0; head < config.kvHeads(); head++) {
                int first = head * (queries + 2) + firsts[part];
                ranges.add(new RowRange(fused, first * width, counts[part] * width));
            }
        }
        return ranges;
    }

    private StoredTensor headByHead(StoredTensor fused, float[] values) {
        var matrix = new StoredTensor(fused.name(), fused.type(), values.length, 1, fused.data(), fused.file());
        float[] ordered = new float[values.length];
        int at = 0;
        for (var range : headByHead(matrix)) {
            System.arraycopy(values, range.firstRow(), ordered, at, range.rows());
            at += range.rows();
        }
        return copies.vector(fused.name(), ordered);
    }

    // Assembling the weights of feed-forward layers

    private Matrix feedForwardIn(int layer) {
        int hidden = config.hidden();
        int wide = config.feedForward();
        if (!config.gated()) {
            return Matrix.of(Role.GATE_UP, matrix(UP, layer, wide, hidden));
        }
        if (names.names().containsKey(GATE_UP)) {
            return Matrix.of(Role.GATE_UP, matrix(GATE_UP, layer, 2 * wide, hidden));
        }
        return Matrix.of(Role.GATE_UP, matrix(GATE, layer, wide, hidden), matrix(UP, layer, wide, hidden));
    }

    private @Nullable StoredTensor feedForwardInBias(int layer) {
        int wide = config.feedForward();
        if (!config.gated()) {
            return bias(UP, layer, wide);
        }
        if (names.names().containsKey(GATE_UP)) {
            return bias(GATE_UP, layer, 2 * wide);
        }
        var gate = bias(GATE, layer, wide);
        var up = bias(UP, layer, wide);
        return gate == null && up == null ? null : copies.joined(List.of(orZeros(gate, wide), orZeros(up, wide)));
    }

    private StoredTensor orZeros(@Nullable StoredTensor bias, int length) {
        return bias != null ? bias : copies.vector("zeros", new float[length]);
    }

    // Finding single tensors

    private Matrix positions() {
        var tensor = required(fullName(POSITIONS, 0) + ".weight");
        int offset = folder ? family.positionOffset() : 0;
        if (tensor.columns() != config.hidden() || tensor.rows() < config.contextLength() + offset) {
            throw wrongShape(tensor, config.contextLength() + offset, config.hidden());
        }
        return new Matrix(Role.POSITIONS, List.of(new RowRange(tensor, offset, tensor.rows() - offset)), 1);
    }

    StoredTensor matrix(String name, int outputs, int inputs) {
        var tensor = required(TensorNames.weight(name));
        if (tensor.rows() != outputs || tensor.columns() != inputs) {
            throw wrongShape(tensor, outputs, inputs);
        }
        return tensor;
    }

    StoredTensor matrix(TensorRole role, int layer, int outputs, int inputs) {
        var tensor = required(TensorNames.weight(fullName(role, layer)));
        boolean turn = folder && family.transposed().contains(role);
        int rows = turn ? inputs : outputs;
        int columns = turn ? outputs : inputs;
        if (tensor.rows() != rows || tensor.columns() != columns) {
            throw wrongShape(tensor, rows, columns);
        }
        return turn ? copies.transposed(tensor) : tensor;
    }

    private @Nullable Norm optionalNorm(TensorRole role, int layer, int length) {
        return names.names().containsKey(role) ? norm(role, layer, length) : null;
    }

    Norm norm(TensorRole role, int layer, int length) {
        var weight = vector(required(fullName(role, layer) + ".weight"), length);
        if (folder && family.normOffset() != 0) {
            weight = copies.plus(weight, family.normOffset());
        }
        return new Norm(weight, bias(role, layer, length));
    }

    /// The biases of all experts, [count, length]; null if the file has none.
    @Nullable StoredTensor biasOfAll(TensorRole role, int layer, int count, int length) {
        var bias = take(TensorNames.bias(fullName(role, layer))).orElse(null);
        if (bias != null && (bias.rows() != count || bias.columns() != length)) {
            throw wrongShape(bias, count, length);
        }
        return bias;
    }

    @Nullable StoredTensor bias(TensorRole role, int layer, int length) {
        if (!names.names().containsKey(role)) {
            return null;
        }
        String name = fullName(role, layer) + ".bias";
        if (family.biased().contains(role)) {
            return vector(required(name), length);
        }
        return take(name).map(tensor -> vector(tensor, length)).orElse(null);
    }

    private StoredTensor vector(StoredTensor tensor, int length) {
        if (tensor.rows() != 1 || tensor.columns() != length) {
            throw wrongShape(tensor, 1, length);
        }
        return tensor;
    }

    /// Whether the file stores the weights of a role as blocks of 4-bit floats, with the scales in a second tensor.
    boolean isInBlocks(TensorRole role, int layer) {
        return source.bytes(TensorNames.weight(fullName(role, layer)) + "_blocks").isPresent();
    }

    /// The rows of one expert that the file stores as blocks of 4-bit floats.
    ///
    /// @param inTurn whether the file alternates the rows of gate and up, which are put behind each other
    StoredTensor blocks(TensorRole role, int layer, int expert, int experts, int rows, int columns, boolean inTurn) {
        String name = TensorNames.weight(fullName(role, layer));
        var blocks = bytes(name + "_blocks", (long) experts * rows * columns / 2);
        var scales = bytes(name + "_scales", (long) experts * rows * columns / Mxfp4.COLUMNS);
        var tensor = copies.mxfp4(name, blocks, scales, expert * rows, rows, columns, inTurn);
        repacked.add(tensor);
        return tensor;
    }

    private MemorySegment bytes(String name, long expected) {
        used.add(name);
        var bytes = source.bytes(name).orElseThrow(() -> missing(source, name));
        if (bytes.byteSize() != expected) {
            throw new ModelFileException(source.path(), "gives tensor " + name + " " + bytes.byteSize() + " bytes; "
                    + expected + " expected from the model's configuration");
        }
        return bytes;
    }

    boolean has(TensorRole role) {
        return names.names().containsKey(role);
    }

    boolean present(TensorRole role, int layer) {
        return has(role) && source.tensorNames().contains(TensorNames.weight(fullName(role, layer)));
    }

    /// The name of a role's tensor with its prefix. The vocabulary projection, if it has a tensor of its own, is stored
    /// outside of the wrapped model and so has another prefix.
    String fullName(TensorRole role, int layer) {
        var all = names.all(role, layer);
        String name = all.stream().filter(each -> source.tensorNames().contains(prefix + each + ".weight"))
                .findFirst().orElse(all.getLast());
        if (role != HEAD || !folder) {
            return prefix + name;
        }
        for (String outer : List.of("", "language_model.", prefix)) {
            if (source.tensorNames().contains(outer + name + ".weight")) {
                return outer + name;
            }
        }
        return name;
    }

    private StoredTensor required(String name) {
        return take(name).orElseThrow(() -> missing(source, name));
    }

    private Optional<StoredTensor> take(String name) {
        used.add(name);
        return source.tensor(name);
    }

    private static ModelFileException missing(TensorSource source, String name) {
        return new ModelFileException(source.path(), "has no tensor " + name + ", which its architecture needs");
    }

    private ModelFileException wrongShape(StoredTensor tensor, int rows, int columns) {
        return new ModelFileException(source.path(), "gives tensor " + tensor.name() + " the shape [" + tensor.rows()
                + ", " + tensor.columns() + "]; [" + rows + ", " + columns
                + "] expected from the model's configuration");
    }
}
