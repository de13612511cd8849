package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.HeadColumns;
import dev.flover.engine.backend.StepPlan;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.weights.CudaWeight;
import dev.flover.engine.backend.ranks.AllHeads;
import dev.flover.engine.model.ModelConfig.NormKind;
import dev.flover.engine.tensor.Matrix.Cut;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The CUDA backend of one of several ranks. Its kernels meet those of the other ranks: after each product that is
/// summed over ranks, in a norm over the heads of all ranks, before a draw, and after it.
///
/// ```
///   all ranks     ... product ─► join ... product ─► join ... head ─► collect_logits
///   the first                                                             └─► draw ─► take_tokens (signals)
///   the others                                                                        take_tokens (waits, copies)
/// ```
///
/// The first rank collects the logits of all ranks and draws. The others copy the drawn tokens on the device, so that
/// the next step can be launched before the host knows them.
final class CudaRank extends CudaBackend {
    private static final int MEETING_THREADS = 512;
    private static final int ELEMENT_THREADS = 256;
    /// Columns of a row that a block of the join takes at a time; see join.cu.
    private static final int BLOCK_COLUMNS = MEETING_THREADS / 32 * 128;

    private final RankGroup group;
    private final int rank;
    /// For each tensor that receives a sum over ranks, two tensors for this rank's part of it, used alternately.
    private final Map<Tensor, CudaTensor[]> parts = new IdentityHashMap<>();
    /// How many rows the tensors of each width have together.
    private final Map<Integer, Long> rowsOfWidth = new HashMap<>();
    /// The numbers of outputs of products that are summed over ranks.
    private final Set<Integer> sumWidths = new HashSet<>();
    /// The heads of all ranks, by the width of all heads together.
    private final Map<Integer, CudaTensor> wholeRows = new HashMap<>();
    /// Where the logits of all ranks are collected; null on all ranks but the first.
    private @Nullable CudaTensor allLogits;
    /// For each cache, the device address of the newest tokens on the first rank.
    private final Map<Cache, Long> drawn = new IdentityHashMap<>();
    private Runnable verbs = () -> { };
    private final Runnable wholeStep = this::runWholeStep;
    private int joins;

    CudaRank(Driver driver, RankGroup group, int rank) {
        super(driver);
        this.group = group;
        this.rank = rank;
    }

    @Override
    boolean draws() {
        return rank == 0;
    }

    // Sums over ranks

    @Override
    public void project(Tensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        if (isSummed(weight)) {
            sum((CudaTensor) out, in, rows, weight, bias, false);
        } else {
            super.project(out, in, rows, weight, bias);
        }
    }

    @Override
    public void projectAdd(Tensor hidden, Tensor in, int rows, Weight weight, @Nullable Vector bias) {
        if (isSummed(weight)) {
            sum((CudaTensor) hidden, in, rows, weight, bias, true);
        } else {
            super.projectAdd(hidden, in, rows, weight, bias);
        }
    }

    private void sum(CudaTensor out, Tensor in, int rows, Weight weight, @Nullable Vector bias, boolean adds) {
        var part = part(out);
        super.project(part, in, rows, weight, null);
        join(out, part, bias, adds);
    }

    @Override
    public void projectExperts(
            Tensor out, Tensor in, Routes routes, boolean routed, List<Weight> weights, @Nullable Vector bias) {
        if (!isSummed(weights.getFirst())) {
            super.projectExperts(out, in, routes, routed, weights, bias);
            return;
        }
        var part = part((CudaTensor) out);
        super.projectExperts(part, in, routes, routed, weights, null);
        join((CudaTensor) out, part, null, false);
        if (bias != null) {
            addExpertBiases(out, routes, bias);
        }
    }

    @Override
    public void addExpertBiases(Tensor out, Routes routes, Vector bias) {
        var target = (CudaTensor) out;
        var places = (CudaRoutes) routes;
        arguments.begin().pointer(target.values()).pointer(CudaVector.addressOf(bias)).pointer(places.firstPlaces())
                .pointer(slots.plan()).integer(places.counter().word).integer(places.routing().experts())
                .integer(target.columns());
        driver.launch(kernels.addExpertBiases, Math.ceilDiv(target.columns(), ELEMENT_THREADS),
                bucket(places.counter()), 1, ELEMENT_THREADS, 0, arguments);
        target.written(places.counter(), false);
    }

    private static boolean isSummed(Weight weight) {
        return weight.role().cut() == Cut.INPUTS;
    }

    private CudaTensor part(CudaTensor out) {
        return parts(out)[joins % 2];
    }

    private CudaTensor[] parts(CudaTensor out) {
        return parts.computeIfAbsent(out, whole -> new CudaTensor[] {
            new CudaTensor(driver, whole.rows(), whole.columns()),
            new CudaTensor(driver, whole.rows(), whole.columns())});
    }

    /// `out = parts + bias`, or `out += parts + bias`.
    private void join(CudaTensor out, CudaTensor part, @Nullable Vector bias, boolean adds) {
        var counter = part.counter();
        int rows = bucket(counter);
        long bytes = 4L * rows * out.columns();
        arguments.begin().struct(group.peers(rank));
        RankGroup.writeAddresses(arguments, group.addresses(rank, part));
        arguments.pointer(out.values()).pointer(out.squares()).pointer(CudaVector.addressOf(bias))
                .pointer(slots.plan()).integer(counter.word).integer(out.columns()).flag(adds)
                .flag(group.addsInParts(bytes));
        launchMeeting(kernels.join(group.ranks()), (long) rows * Math.ceilDiv(out.columns(), BLOCK_COLUMNS));
        out.writtenWithSquares(counter);
        joins++;
    }

    /// Launches a kernel in which ranks meet, with the arguments that are written.
    ///
    /// @param blocks the number of blocks that have work
    private void launchMeeting(int kernel, long blocks) {
        driver.launch(kernel, group.blocks(blocks), 1, 1, MEETING_THREADS, 0, arguments);
        group.meet(rank);
    }

    // Norms over the heads of all ranks

    @Override
    public void normaliseHeads(
            Tensor tensor, HeadColumns heads, int rows, NormKind kind, float epsilon, Vector weight) {
        var all = new AllHeads(heads, group.ranks(), weight.length() / heads.width());
        var part = part((CudaTensor) tensor);
        heads.copy(this, part, tensor, rows);
        var whole = whole(tensor, weight.length());
        gather(whole, part, all);
        normaliseColumns(whole, 0, rows, kind, epsilon, weight);
        all.giveBack(this, tensor, whole, rank, rows);
    }

    /// Where the heads of all ranks in a tensor are collected.
    private CudaTensor whole(Tensor tensor, int width) {
        return wholeRows.computeIfAbsent(width, columns -> new CudaTensor(driver, tensor.rows(), columns));
    }

    private void gather(CudaTensor whole, CudaTensor part, AllHeads all) {
        var own = all.own();
        arguments.begin().struct(group.peers(rank));
        RankGroup.writeAddresses(arguments, group.addresses(rank, part));
        arguments.pointer(whole.values()).pointer(slots.plan()).integer(part.columns()).integer(own.first())
                .integer(own.heads()).integer(own.width()).integer(all.heads()).integer(all.copies());
        launchMeeting(kernels.gatherHeads,
                (long) bucket(Counter.ROWS) * Math.ceilDiv(whole.columns(), BLOCK_COLUMNS));
        whole.written(Counter.ROWS, false);
        joins++;
    }

    // Drawing tokens

    @Override
    public void sample(Tensor logits, float softCap, Cache cache) {
        collect((CudaTensor) logits);
        super.sample(allLogits == null ? logits : allLogits, softCap, cache);
        group.meet(rank);
    }

    private void collect(CudaTensor logits) {
        var all = group.tensors(rank, logits);
        arguments.begin().struct(group.peers(rank));
        RankGroup.writeAddresses(arguments, all.stream().mapToLong(each -> ((CudaTensor) each).values()).toArray());
        arguments.pointer(allLogits == null ? 0 : allLogits.values()).pointer(slots.plan());
        int first = 0;
        for (int other = 0; other < RankGroup.MOST_RANKS; other++) {
            arguments.integer(first);
            first += other < all.size() ? all.get(other).columns() : 0;
        }
        arguments.integer(first);
        launchMeeting(kernels.collectLogits, (long) bucket(Counter.SAMPLES) * Math.ceilDiv(first, BLOCK_COLUMNS));
    }

    /// Draws on the first rank, and lets the others take the tokens.
    @Override
    void launchDraw() {
        if (rank == 0) {
            super.launchDraw();
        }
        arguments.begin().struct(group.peers(rank)).pointer(cache.sampling().newest())
                .pointer(Objects.requireNonNull(drawn.get(cache), "a cache of this backend")).pointer(slots.plan());
        driver.launch(kernels.takeTokens, 1, 1, 1, ELEMENT_THREADS, 0, arguments);
    }

    // Memory

    @Override
    public Cache cache(CacheShape shape) {
        var made = (CudaCache) super.cache(shape);
        if (rank == 0) {
            allLogits = new CudaTensor(driver, StepPlan.mostSamples(shape.slots()), shape.vocabulary());
        }
        drawn.put(made, group.ofFirst(rank, made.sampling().newest()));
        return made;
    }

    @Override
    public Tensor tensor(int rows, int columns) {
        rowsOfWidth.merge(columns, (long) rows, Long::sum);
        return super.tensor(rows, columns);
    }

    @Override
    public void prepareHeads(Tensor tensor, int width) {
        parts((CudaTensor) tensor);
        whole(tensor, width);
    }

    @Override
    Weight taken(CudaWeight weight) {
        if (isSummed(weight)) {
            sumWidths.add(weight.outputs());
        }
        return super.taken(weight);
    }

    /// Two parts for each tensor as wide as sums, of which a few receive none, and the logits of all ranks on the
    /// first; those of all ranks that share this device.
    @Override
    long bytesForRanks(CacheShape shape) {
        long sums = sumWidths.stream().mapToLong(width -> width * rowsOfWidth.getOrDefault(width, 0L)).sum();
        return Float.BYTES * (2 * group.sharing(rank) * sums
                + (long) StepPlan.mostSamples(shape.slots()) * shape.vocabulary());
    }

    /// As many blocks as fit on every rank, when all ranks have loaded their weights.
    @Override
    public int blocksThatFit(CacheShape shape, int sharing) {
        group.meet(rank);
        return group.least(rank, super.blocksThatFit(shape, sharing * group.sharing(rank)));
    }

    // A step

    @Override
    public void begin(StepPlan plan, Cache cache) {
        if (undrawn != null) {
            drawWithinConstraints();
            group.meet(rank);
        }
        super.begin(plan, cache);
    }

    /// Whether the first rank draws this step later. Host threads meet here, before the first launch of the step.
    @Override
    boolean drawsLater(StepPlan plan) {
        return group.least(rank, super.drawsLater(plan) ? 0 : 1) == 0;
    }

    @Override
    public void forward(StepPlan plan, Runnable verbs) {
        this.verbs = verbs;
        joins = 0;
        super.forward(plan, wholeStep);
    }

    private void runWholeStep() {
        verbs.run();
        if (joins % 2 != 0) {
            meetOnDevice();
        }
    }

    /// Lets the next step begin with the same of the two parts of a sum: without this, it would overwrite the part that
    /// other ranks may still read in the last join of this step.
    private void meetOnDevice() {
        arguments.begin().struct(group.peers(rank));
        RankGroup.writeAddresses(arguments, new long[0]);
        arguments.pointer(0).pointer(0).pointer(0).pointer(slots.plan()).integer(Counter.ROWS.word).integer(0)
                .flag(false).flag(false);
        group.meet(rank);
        launchMeeting(kernels.join(group.ranks()), 1);
    }

    @Override
    void recorded() {
        group.meet(rank);
    }

    @Override
    public void end(StepPlan plan) {
        try {
            super.end(plan);
        } catch (RuntimeException | Error e) {
            group.abandon();
            throw e;
        }
    }

    @Override
    public void close() {
        group.quieten();
        super.close();
    }
}
