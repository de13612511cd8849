package dev.flover.engine.backend.ranks;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.ForwardingBackend;
import dev.flover.engine.backend.HeadColumns;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.tensor.Matrix.Cut;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The backend of one rank. Products that are summed over ranks, and the drawing of tokens, meet the other ranks; all
/// other operations are those of the rank's own backend.
final class RankBackend extends ForwardingBackend {
    private final Exchange exchange;
    private final int rank;
    private final int ranks;
    /// For each tensor that receives a sum over ranks, two tensors for this rank's part of it, used alternately.
    private final Map<Tensor, Tensor[]> parts = new IdentityHashMap<>();
    /// The heads of all ranks, by the width of all heads together.
    private final Map<Integer, Tensor> wholeRows = new HashMap<>();
    /// The logits of the whole vocabulary; null on all ranks but the first.
    private @Nullable Tensor logits;
    private StepPlan plan;

    RankBackend(Backend own, Exchange exchange, int rank, int ranks) {
        super(own);
        this.exchange = exchange;
        this.rank = rank;
        this.ranks = ranks;
    }

    // Operations in which ranks meet

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        if (isSummed(weight)) {
            own.join(out, sums(out, in, rows, weight), rows, bias, false);
        } else {
            own.project(out, in, rows, weight, bias);
        }
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        if (isSummed(weight)) {
            own.join(hidden, sums(hidden, in, rows, weight), rows, bias, true);
        } else {
            own.projectAdd(hidden, in, rows, weight, bias);
        }
    }

    private List<Tensor> sums(Tensor out, Tensor in, int rows, Weight weight) {
        var part = part(out);
        own.project(part, in, rows, weight, null);
        return exchange.meet(rank, part);
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> experts, @Nullable Vector bias) {
        if (!isSummed(experts.getFirst())) {
            own.projectExperts(out, in, routes, routed, experts, bias);
            return;
        }
        var part = part(out);
        own.projectExperts(part, in, routes, routed, experts, null);
        own.join(out, exchange.meet(rank, part), plan.rows() * routes.chosen(), null, false);
        if (bias != null) {
            own.addExpertBiases(out, routes, bias);
        }
    }

    private static boolean isSummed(Weight weight) {
        return weight.role().cut() == Cut.INPUTS;
    }

    private Tensor part(Tensor out) {
        return parts(out)[exchange.turn(rank)];
    }

    private Tensor[] parts(Tensor out) {
        var both = parts.get(out);
        if (both == null) {
            both = new Tensor[] {own.tensor(out.rows(), out.columns()), own.tensor(out.rows(), out.columns())};
            parts.put(out, both);
        }
        return both;
    }

    @Override
    public void prepareHeads(Tensor tensor, int width) {
        parts(tensor);
        whole(tensor, width);
    }

    /// Where the heads of all ranks in a tensor are collected.
    private Tensor whole(Tensor tensor, int width) {
        return wholeRows.computeIfAbsent(width, columns -> own.tensor(tensor.rows(), columns));
    }

    /// Every rank collects the heads of all ranks, and normalises them all.
    @Override
    public void normaliseHeads(
            Tensor tensor, HeadColumns heads, int rows, NormKind kind, float epsilon, Vector weight) {
        var all = new AllHeads(heads, ranks, weight.length() / heads.width());
        var part = part(tensor);
        heads.copy(own, part, tensor, rows);
        var whole = whole(tensor, weight.length());
        all.collect(own, whole, exchange.meet(rank, part), rows);
        own.normaliseColumns(whole, 0, rows, kind, epsilon, weight);
        all.giveBack(own, tensor, whole, rank, rows);
    }

    /// The first rank collects the logits of all ranks and draws; the others take its tokens.
    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        var all = exchange.meet(rank, logits);
        if (rank == 0) {
            assert this.logits != null;
            int first = 0;
            for (int i = 0; i < ranks; i++) {
                var from = all.get(i);
                own.copyHeads(this.logits, new HeadPlace(this.logits.columns(), first), from,
                        new HeadPlace(from.columns(), 0), 1, from.columns(), plan.samples());
                first += from.columns();
            }
            own.sample(this.logits, softCap, cache);
        }
        exchange.meet(rank);
        if (rank > 0) {
            own.takeDraws(cache);
        }
    }

    @Override
    public Cache cache(CacheShape shape) {
        var cache = own.cache(shape);
        if (rank == 0) {
            logits = own.tensor(StepPlan.mostSamples(shape.slots()), shape.vocabulary());
        } else {
            own.follow(cache);
        }
        return cache;
    }

    /// All ranks get the same number of blocks, and share the memory of the host.
    @Override
    public int blocksThatFit(CacheShape shape, int sharing) {
        return exchange.least(rank, Math.max(1, own.blocksThatFit(shape, sharing * ranks)));
    }

    @Override
    @Prepares
    public void begin(StepPlan plan, Cache cache) {
        this.plan = plan;
        own.begin(plan, cache);
    }

    // Operations whose weights are never summed over ranks

    @Override
    public void projectNormalised(
            Tensor out, Tensor in, Tensor normed, int rows, Norm norm, Weight weight, @Nullable Vector bias) {
        own.projectNormalised(out, in, normed, rows, norm, weight, bias);
    }

    @Override
    public void projectToHeads(
            Tensor queryKeyValue, Tensor in, Tensor normed, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Cache cache, Heads heads) {
        own.projectToHeads(queryKeyValue, in, normed, rows, norm, weight, bias, cache, heads);
    }

    @Override
    public void projectActivated(
            Tensor out, Tensor in, Tensor normed, Tensor inner, int rows, @Nullable Norm norm, Weight weight,
            @Nullable Vector bias, Activation activation, boolean gated) {
        own.projectActivated(out, in, normed, inner, rows, norm, weight, bias, activation, gated);
    }
}
