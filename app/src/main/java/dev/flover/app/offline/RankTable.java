package dev.flover.app.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.management.OperatingSystemMXBean;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.Model;
import dev.flover.engine.sharding.RankShare;
import dev.flover.engine.sharding.ShardPlan;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// How a model is divided for each number of ranks, or why it cannot be.
final class RankTable {
    /// The limits of an engine with the usual settings, to which scratch memory is stated.
    private static final int SEQUENCES = 64;
    private static final int ROWS = 128;
    private static final int CACHE_BYTES = Short.BYTES;

    private final Model model;

    RankTable(Model model) {
        this.model = model;
    }

    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add("ranks  heads  key heads  columns  vocabulary  weights of a rank  keys, values a position  scratch");
        for (int ranks : ShardPlan.RANKS) {
            try {
                lines.add(line(ShardPlan.of(model, ranks)));
            } catch (IllegalArgumentException e) {
                lines.add(String.format("%5d  %s", ranks, e.getMessage()));
            }
        }
        lines.add("Bytes are those of the first rank: weights as the file stores them, keys and values in 16 bits, "
                + "scratch for " + SEQUENCES + " sequences in steps of " + ROWS + " rows.");
        lines.add("This machine has " + megabytes(memory().getTotalMemorySize()) + " of memory, of which "
                + megabytes(memory().getFreeMemorySize()) + " are not used at all; all ranks of a CPU share it.");
        return lines;
    }

    private static OperatingSystemMXBean memory() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    }

    private static String line(ShardPlan plan) {
        var first = plan.shares().getFirst();
        return String.format(Locale.ROOT, "%5d  %5d  %9d  %7d  %10d  %17s  %,17d bytes  %s", plan.ranks(),
                first.heads(), first.kvHeads().size(), columns(first), first.tokens(),
                megabytes(first.weightBytes()), plan.cacheBytes(0, CACHE_BYTES), megabytes(scratch(plan, 0)));
    }

    private static long scratch(ShardPlan plan, int rank) {
        return plan.scratchBytes(rank, ROWS, StepPlan.mostSamples(SEQUENCES));
    }

    /// Columns of the feed-forward layer, or of each expert.
    private static int columns(RankShare share) {
        return share.expertColumns() > 0 ? share.expertColumns() : share.columns();
    }

    void write(ArrayNode to) {
        for (int ranks : ShardPlan.RANKS) {
            var node = to.addObject().put("ranks", ranks);
            try {
                var plan = ShardPlan.of(model, ranks);
                var shares = node.putArray("shares");
                for (var share : plan.shares()) {
                    var kvHeads = shares.addObject().put("first_head", share.firstHead()).put("heads", share.heads())
                            .put("first_column", share.firstColumn()).put("columns", share.columns())
                            .put("expert_columns", share.expertColumns()).put("first_token", share.firstToken())
                            .put("tokens", share.tokens()).put("weight_bytes", share.weightBytes())
                            .put("position_bytes", plan.cacheBytes(share.rank(), CACHE_BYTES))
                            .put("scratch_bytes", scratch(plan, share.rank())).putArray("kv_heads");
                    share.kvHeads().forEach(kvHeads::add);
                }
            } catch (IllegalArgumentException e) {
                node.put("refused", e.getMessage());
            }
        }
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / 1e6);
    }
}
