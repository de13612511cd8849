package dev.flover.app.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.sun.management.OperatingSystemMXBean;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.model.Model;
import dev.flover.engine.sharding.RankShare;
import dev.flover.engine.sharding.ShardMemory;
import dev.flover.engine.sharding.ShardPlan;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

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
        lines.add("ranks  heads  key heads  columns  vocabulary  weights of a rank  keys, values a position  "
                + "scratch    all ranks");
        for (int ranks : ShardPlan.RANKS) {
            try {
                lines.add(line(ShardPlan.of(model, ranks)));
            } catch (IllegalArgumentException e) {
                lines.add(String.format("%5d  %s", ranks, e.getMessage()));
            }
        }
        lines.add("Bytes are those of the first rank: weights as the file stores them, keys and values in 16 bits, "
                + "scratch for " + SEQUENCES + " sequences in steps of " + ROWS + " rows. All ranks together hold "
                + "these, and keys and values of one whole context.");
        lines.add("This machine has " + megabytes(machine().getTotalMemorySize()) + " of memory, of which "
                + megabytes(machine().getFreeMemorySize()) + " are not used at all; all ranks of a CPU share it.");
        return lines;
    }

    private static OperatingSystemMXBean machine() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    }

    private static String line(ShardPlan plan) {
        var first = plan.shares().getFirst();
        return String.format(Locale.ROOT, "%5d  %5d  %9d  %7d  %10d  %17s  %,17d bytes  %9s  %s", plan.ranks(),
                first.heads(), first.kvHeads().size(), columns(first), first.tokens(),
                megabytes(first.weightBytes()), plan.cacheBytes(0, CACHE_BYTES),
                megabytes(memory(plan).scratchBytes(0)), fits(plan));
    }

    /// The memory of an engine whose KV cache has room for one whole context.
    private static ShardMemory memory(ShardPlan plan) {
        return new ShardMemory(plan, new ShardMemory.Use(
                plan.model().config().contextLength(), CACHE_BYTES, ROWS, StepPlan.mostSamples(SEQUENCES)));
    }

    /// The memory that all ranks need together, and whether this machine has it.
    private static String fits(ShardPlan plan) {
        var memory = memory(plan);
        long all = IntStream.range(0, plan.ranks()).mapToLong(memory::bytes).sum();
        return megabytes(all) + (shortages(plan).isEmpty() ? "" : ", more than this machine has");
    }

    private static List<String> shortages(ShardPlan plan) {
        var machine = new ShardMemory.Place("the machine", machine().getTotalMemorySize());
        return memory(plan).shortages(Collections.nCopies(plan.ranks(), machine));
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
                var shortages = node.putArray("shortages");
                shortages(plan).forEach(shortages::add);
                var shares = node.putArray("shares");
                for (var share : plan.shares()) {
                    var kvHeads = shares.addObject().put("first_head", share.firstHead()).put("heads", share.heads())
                            .put("first_column", share.firstColumn()).put("columns", share.columns())
                            .put("expert_columns", share.expertColumns()).put("first_token", share.firstToken())
                            .put("tokens", share.tokens()).put("weight_bytes", share.weightBytes())
                            .put("position_bytes", plan.cacheBytes(share.rank(), CACHE_BYTES))
                            .put("scratch_bytes", memory(plan).scratchBytes(share.rank())).putArray("kv_heads");
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
