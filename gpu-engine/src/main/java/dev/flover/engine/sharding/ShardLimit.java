package dev.flover.engine.sharding;

import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.Weights;
import dev.flover.engine.tensor.Matrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;

/// A tensor that limits the number of ranks of a model.
///
/// @param kind   tensors of one kind are reported once, with the first of those that have the least limit
/// @param tensor the name in the file
/// @param ranks  the greatest number of ranks
/// @param reason continues the sentence that begins with the tensor
record ShardLimit(Kind kind, String tensor, int ranks, String reason) {
    enum Kind { QUERIES, ATTENTION_OUT, DOWN, EXPERT_DOWN, SHARED_DOWN }

    /// The sentences that say why a model cannot be divided among this number of ranks; empty if it can.
    static List<String> refusals(Model model, int ranks) {
        var found = new LinkedHashMap<Kind, ShardLimit>();
        for (var limit : limits(model.config(), model.weights())) {
            if (limit.ranks < ranks) {
                found.merge(limit.kind, limit, (old, other) -> other.ranks < old.ranks ? other : old);
            }
        }
        return found.values().stream().map(ShardLimit::sentence).toList();
    }

    private String sentence() {
        return tensor + " " + reason + ", which allows at most " + ranks + (ranks == 1 ? " rank" : " ranks");
    }

    private static List<ShardLimit> limits(ModelConfig config, Weights weights) {
        var limits = new ArrayList<ShardLimit>();
        for (var layer : weights.layers()) {
            var queries = layer.latent() == null ? Objects.requireNonNull(layer.queryKeyValue())
                    : layer.latent().queryUp();
            limits.add(new ShardLimit(Kind.QUERIES, name(queries), Math.min(8, Integer.lowestOneBit(config.heads())),
                    "has " + config.heads() + " query heads"));
            summed(limits, Kind.ATTENTION_OUT, layer.attentionOut());
            if (layer.feedForwardOut() != null) {
                summed(limits, Kind.DOWN, layer.feedForwardOut());
            }
            if (layer.experts() != null) {
                layer.experts().out().forEach(out -> summed(limits, Kind.EXPERT_DOWN, out));
                if (layer.experts().shared() != null) {
                    summed(limits, Kind.SHARED_DOWN, layer.experts().shared().out());
                }
            }
        }
        return limits;
    }

    private static void summed(List<ShardLimit> limits, Kind kind, Matrix matrix) {
        limits.add(new ShardLimit(kind, name(matrix), matrix.kShards(), "has " + matrix.inputs()
                + " columns, which are summed in " + matrix.kShards() + (matrix.kShards() == 1 ? " part" : " parts")));
    }

    private static String name(Matrix matrix) {
        return matrix.ranges().getFirst().tensor().name();
    }
}
