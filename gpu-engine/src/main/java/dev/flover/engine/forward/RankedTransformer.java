package dev.flover.engine.forward;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.api.LoadListener;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backend.CacheShape;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.ranks.ShardedBackend;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.sharding.ShardPlan;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One model on several ranks: each runs the forward pass over all rows of a step with its part of the weights, and the
/// ranks join their sums in the operations of their backends (Shoeybi et al. 2019).
///
/// Used by one thread.
public final class RankedTransformer {
    private final ShardedBackend backend;
    private final Transformer[] ranks;
    private final IntConsumer launchRank = this::launchRank;    // one object for all steps
    private @Nullable StepPlan plan;

    /// Loads the weights of all ranks at once.
    ///
    /// @param slots       the most sequences at a time
    /// @param tokenBudget the most rows in a step
    /// @param shape       makes the shape of a rank's cache from the rank's configuration; called when everything else
    ///     is already in the backends' memory
    /// @param listener    is told of the layers of the first rank
    /// @throws IllegalArgumentException if the model cannot be divided among this number of ranks; thrown before any
    ///     weight is read
    public RankedTransformer(
            Model model, ShardedBackend backend, int slots, int tokenBudget,
            BiFunction<ModelConfig, Backend, CacheShape> shape, LoadListener listener) {
        this.backend = backend;
        var plan = ShardPlan.of(model, backend.ranks().size());
        ranks = new Transformer[plan.ranks()];
        LoadListener silent = (layers, all) -> { };
        backend.each(rank -> {
            var part = plan.part(rank);
            var own = backend.ranks().get(rank);
            ranks[rank] = new Transformer(part, own, slots, tokenBudget, () -> shape.apply(part.config(), own),
                    rank == 0 ? listener : silent);
        });
    }

    /// The shape of the first rank's cache; the caches of all ranks have the same number of blocks.
    public CacheShape cacheShape() {
        return ranks[0].cacheShape();
    }

    /// As [Transformer#launch], on all ranks.
    public void launch(StepPlan plan) {
        this.plan = plan;
        backend.each(launchRank);
    }

    /// As [Transformer#finish], for one rank after another.
    ///
    /// @throws EngineException if a rank failed, with the failures of all ranks in its message
    public void finish(StepPlan plan) {
        EngineException first = null;
        String failures = "";
        for (int rank = 0; rank < ranks.length; rank++) {
            try {
                ranks[rank].finish(plan);
            } catch (EngineException e) {
                first = first == null ? e : first;
                failures += (failures.isEmpty() ? "" : "; ") + "rank " + rank + " of " + ranks.length + " failed: "
                        + e.getMessage();
            }
        }
        if (first != null) {
            throw new EngineException(failures, first);
        }
    }

    private void launchRank(int rank) {
        assert plan != null;
        ranks[rank].launch(plan);
    }
}
