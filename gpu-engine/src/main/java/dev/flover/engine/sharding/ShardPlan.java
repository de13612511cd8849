package dev.flover.engine.sharding;

import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.Weights;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// How a model is divided among ranks.
///
/// Products that end in the residual stream are summed in shards (`KShards`), also on one device. A rank has an aligned
/// range of them, which is a subtree of the tree in which the shards are added, so the ranks' sums, added in the same
/// tree, have the bits of one device.
///
/// @param model  the whole model
/// @param shares one for each rank
public record ShardPlan(Model model, List<RankShare> shares) {
    /// The numbers of ranks that can be asked for.
    public static final List<Integer> RANKS = List.of(1, 2, 4, 8);

    public ShardPlan {
        shares = List.copyOf(shares);
    }

    /// Plans the division of a model.
    ///
    /// @throws IllegalArgumentException if the model cannot be divided among that number of ranks. The message has
    ///     every reason, each with the tensor and the greatest number of ranks that it allows
    public static ShardPlan of(Model model, int ranks) {
        checkRanks(ranks);
        var refusals = ShardLimit.refusals(model, ranks);
        if (!refusals.isEmpty()) {
            throw new IllegalArgumentException(model.path().getFileName() + " cannot be divided among " + ranks
                    + " ranks, at most among " + greatest(model) + ": " + String.join("; ", refusals));
        }
        return new ShardPlan(model, IntStream.range(0, ranks).mapToObj(rank -> share(model, rank, ranks)).toList());
    }

    /// The greatest number of ranks among which a model can be divided.
    public static int greatest(Model model) {
        return RANKS.stream().filter(ranks -> ShardLimit.refusals(model, ranks).isEmpty()).reduce((_, last) -> last)
                .orElse(1);
    }

    /// @throws IllegalArgumentException if no model can be divided among this number of ranks
    public static void checkRanks(int ranks) {
        if (!RANKS.contains(ranks)) {
            throw new IllegalArgumentException("a model can be divided among 1, 2, 4 or 8 ranks, not " + ranks);
        }
    }

    public int ranks() {
        return shares.size();
    }

    /// The model of one rank: its part of the weights, and a configuration with its numbers of heads and columns.
    public Model part(int rank) {
        return ranks() == 1 ? model : new RankParts(model, shares.get(rank), ranks()).model();
    }

    /// Bytes of keys and values that one rank holds for one position.
    ///
    /// @param elementBytes bytes of one number in the cache
    public long cacheBytes(int rank, int elementBytes) {
        var config = model.config();
        int width = config.latent() != null ? config.cachedWidth()
                : 2 * shares.get(rank).kvHeads().size() * config.headDim();
        return (long) elementBytes * config.layers().size() * width;
    }

    /// Bytes of activations that one rank holds, f32, for steps of up to `rows` rows of which `samples` need logits.
    public long scratchBytes(int rank, int rows, int samples) {
        var share = shares.get(rank);
        var config = RankParts.config(model.config(), share);
        int halves = config.gated() ? 3 : 2;
        long row = 4L * config.hidden() + config.rowWidth() + config.attendedWidth()
                + (long) config.feedForward() * halves;
        var routing = config.routing();
        if (routing != null) {
            row += (long) routing.chosen() * (routing.width() * halves + 3L * config.hidden())
                    + (long) routing.sharedWidth() * halves;
        }
        long sample = config.hidden() + share.tokens();
        if (ranks() > 1) {
            row += exchangedRow(config);
            sample += rank == 0 ? config.vocabulary() : 0;
        }
        return Float.BYTES * (rows * row + samples * sample);
    }

    /// The numbers of a row that a rank keeps to exchange them with other ranks: sums, of which there are two copies,
    /// and queries and keys if they are normalised over all heads.
    ///
    /// @param part the configuration of the rank
    private long exchangedRow(ModelConfig part) {
        var routing = part.routing();
        long row = 2L * part.hidden() + (routing == null ? 0 : 2L * routing.chosen() * part.hidden());
        boolean together = model.weights().layers().stream().anyMatch(layer ->
                isWider(layer.queryNorm(), part.headDim()) || isWider(layer.keyNorm(), part.headDim()));
        return together ? row + 2L * part.rowWidth() + model.config().queryWidth() + model.config().kvWidth() : row;
    }

    private static boolean isWider(Weights.@Nullable Norm norm, int headDim) {
        return norm != null && norm.weight().columns() != headDim;
    }

    private static RankShare share(Model model, int rank, int ranks) {
        var config = model.config();
        int heads = config.heads() / ranks;
        int columns = config.feedForward() / ranks;
        var routing = config.routing();
        long first = (long) config.vocabulary() * rank / ranks;
        long end = (long) config.vocabulary() * (rank + 1) / ranks;
        var share = RankShareBuilder.builder().rank(rank).firstHead(rank * heads).heads(heads)
                .kvHeads(kvHeads(config, rank * heads, heads)).firstColumn(rank * columns).columns(columns)
                .expertColumns(routing == null ? 0 : routing.width() / ranks)
                .sharedColumns(routing == null ? 0 : routing.sharedWidth() / ranks).firstToken((int) first)
                .tokens((int) (end - first)).weightBytes(0).build();
        var weights = ranks == 1 ? model.weights() : new RankParts(model, share, ranks).weights();
        return RankShareBuilder.builder(share).weightBytes(StoredBytes.of(weights)).build();
    }

    /// The key heads of consecutive query heads: as few as possible if each has equally many of the query heads.
    private static List<Integer> kvHeads(ModelConfig config, int firstHead, int heads) {
        int group = config.heads() / config.kvHeads();
        int together = BigInteger.valueOf(group).gcd(BigInteger.valueOf(heads)).intValueExact();
        var numbers = new ArrayList<Integer>();
        for (int head = firstHead; head < firstHead + heads; head += together) {
            numbers.add(head / group);
        }
        return numbers;
    }
}
