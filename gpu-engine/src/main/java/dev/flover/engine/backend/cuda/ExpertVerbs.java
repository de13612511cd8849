package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.HeadPlace;
import dev.flover.engine.backend.Backend.Vector;
import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.KernelNumbers;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.weights.CudaWeight;
import dev.flover.engine.backend.cuda.weights.ExpertWeights;
import dev.flover.engine.backend.cuda.weights.Storage;
import dev.flover.engine.backend.cuda.weights.WeightShape;
import dev.flover.engine.model.ModelConfig.Routing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The feed-forward part of layers with experts. The device computes and stores the routes of rows, because graphs are
/// replayed without any decision of the host.
///
/// ```
///   scores ─► route ─► group_rows ─► gather_rows ─► project_experts ─► activate ─► project_experts ─► add_experts
///                      places                       one launch for all experts
/// ```
final class ExpertVerbs {
    private static final int ELEMENT_THREADS = 256;
    private static final int PROJECT_THREADS = 256;
    /// The greatest size of a grid's second dimension.
    private static final int MOST_PLACES = 65_535;

    private final Driver driver;
    private final KernelSet kernels;
    private final Workspace workspace;
    private final Arguments arguments = new Arguments();
    private final List<WeightShape> shapes = new ArrayList<>();
    private final Map<Integer, CudaTensor> gathered = new HashMap<>();
    private int chosen;

    ExpertVerbs(Driver driver, KernelSet kernels, Workspace workspace) {
        this.driver = driver;
        this.kernels = kernels;
        this.workspace = workspace;
    }

    /// The number of experts that each row chooses; 0 if the model has no experts.
    int chosen() {
        return chosen;
    }

    List<Weight> weights(List<Weight> experts) {
        var weights = new ExpertWeights(driver, experts.stream().map(CudaWeight.class::cast).toList());
        shapes.add(weights.shape());
        return weights;
    }

    CudaRoutes routes(int rows, Routing routing) {
        requirePlaces(rows, routing.chosen(), "experts a row");
        chosen = routing.chosen();
        reserve(rows, routing);
        return CudaRoutes.allocate(driver, rows, routing);
    }

    CudaRoutes headRoutes(int rows, int heads) {
        requirePlaces(rows, heads, "heads of latent attention");
        reserve(rows, Routing.toAll(heads));
        return CudaRoutes.ofHeads(driver, rows, heads);
    }

    /// Checks that a launch for the bucket of so many rows can have a block for each place.
    private static void requirePlaces(int rows, int ofRow, String what) {
        if ((long) RowBuckets.of(rows) * ofRow > MOST_PLACES) {
            throw new IllegalArgumentException("with " + ofRow + " " + what + " the cuda backend computes at most "
                    + RowBuckets.greatest(MOST_PLACES / ofRow) + " rows in a step, found " + rows
                    + "; use a smaller token budget");
        }
    }

    private void reserve(int rows, Routing routing) {
        for (var shape : shapes) {
            for (int bucket = 1; shape.storage() != Storage.F32 && bucket < 2 * rows; bucket *= 2) {
                workspace.sizeFor(tiling(shape, bucket, routing));
            }
        }
    }

    void routeToHeads(CudaRoutes routes, long plan) {
        arguments.begin().pointer(routes.firstPlaces()).pointer(plan).integer(routes.routing().experts());
        driver.launch(kernels.routeHeads, 1, 1, 1, ELEMENT_THREADS, 0, arguments);
    }

    /// @param bucket number of rows for which the launch is made
    void copyHeads(
            CudaTensor out, HeadPlace to, CudaTensor in, HeadPlace from, int heads, int width, long plan, int bucket) {
        arguments.begin().struct(out).pointer(in.values()).pointer(plan)
                .integer(out.columns()).integer(to.stride()).integer(to.first())
                .integer(in.columns()).integer(from.stride()).integer(from.first()).integer(width);
        driver.launch(kernels.copyHeads, Math.ceilDiv(width, ELEMENT_THREADS), heads, bucket, ELEMENT_THREADS, 0,
                arguments);
        boolean apart = to.stride() == 0;
        boolean whole = out.columns() == (apart ? width : width * heads);
        out.written(apart ? Counter.HEADS : Counter.ROWS, whole);
    }

    private Tiling tiling(WeightShape shape, int bucket, Routing routing) {
        return Tiling.ofExperts(shape, bucket, routing, driver.properties().multiprocessors());
    }

    /// @param bucket number of rows for which the launch is made
    void route(CudaRoutes routes, CudaTensor scores, @Nullable Vector correction, long plan, int bucket) {
        var routing = routes.routing();
        routes.write(arguments.begin()).pointer(scores.values()).pointer(CudaVector.addressOf(correction)).pointer(plan)
                .flag(KernelNumbers.isSigmoid(routing.scoring())).flag(routing.normalised())
                .integer(routing.groups()).integer(routing.chosenGroups()).real(routing.scale());
        driver.launch(kernels.route, bucket, 1, 1, 32, KernelSet.routeBytes(routing.experts(), routing.groups()),
                arguments);
        routes.write(arguments.begin()).pointer(plan);
        driver.launch(kernels.groupRows, 1, 1, 1, 1024, KernelSet.groupRowsBytes(routing.experts()), arguments);
    }

    /// Copies rows so that they lie expert by expert, with the 16-bit copies that weights of this storage need.
    ///
    /// @param places number of places for which the launch is made
    CudaTensor gather(CudaTensor in, CudaRoutes routes, Storage storage, long plan, int places) {
        var to = gathered.computeIfAbsent(
                in.columns(), columns -> new CudaTensor(driver, routes.mostPlaces(), columns));
        if (storage != Storage.F32) {
            to.copyFor(storage);
        }
        arguments.begin().struct(to).pointer(in.values()).pointer(routes.rowsOfPlaces()).pointer(plan)
                .integer(in.columns());
        driver.launch(kernels.gatherRows, Math.ceilDiv(in.columns(), ELEMENT_THREADS), places, 1, ELEMENT_THREADS, 0,
                arguments);
        to.written(Counter.PLACES, true);
        return to;
    }

    /// @param from   address of the array of `in`, f32 or a 16-bit copy, that the weights are multiplied with
    /// @param bucket number of rows for which the launch is made
    void multiply(
            CudaTensor out, CudaTensor in, long from, CudaRoutes routes, ExpertWeights experts,
            @Nullable Vector bias, long plan, int bucket) {
        if (experts.shape().storage() == Storage.F32) {
            multiplyF32(out, from, routes, experts, bias, plan, bucket);
        } else {
            multiplyOnTensorCores(out, in, from, routes, experts, bias, plan, bucket);
        }
        out.written(routes.counter(), false);
    }

    private void multiplyF32(
            CudaTensor out, long from, CudaRoutes routes, ExpertWeights experts, @Nullable Vector bias, long plan,
            int bucket) {
        var shape = experts.shape();
        arguments.begin().struct(experts.get(0)).pointer(from).pointer(out.values())
                .pointer(CudaVector.addressOf(bias)).pointer(plan).integer(routes.counter().word).flag(false)
                .pointer(experts.values()).pointer(routes.firstPlaces());
        driver.launch(kernels.projectExpertsF32, Math.ceilDiv(bucket, 16),
                shape.paddedOutputs() / WeightShape.BLOCK_OUTPUTS, experts.size(), 128,
                KernelSet.projectF32Bytes(shape.shards()), arguments);
    }

    private void multiplyOnTensorCores(
            CudaTensor out, CudaTensor in, long from, CudaRoutes routes, ExpertWeights experts,
            @Nullable Vector bias, long plan, int bucket) {
        var shape = experts.shape();
        var tiling = tiling(shape, bucket, routes.routing());
        arguments.begin().struct(experts.get(0)).pointer(from).struct(in.rowNorm(null))
                .pointer(out.values()).pointer(0).pointer(0).pointer(0)
                .pointer(CudaVector.addressOf(bias))
                .pointer(workspace.partials()).pointer(workspace.productCounters())
                .pointer(plan).integer(routes.counter().word).flag(false)
                .integer(tiling.blockParts()).integer(tiling.scratchRows())
                .integer(Product.NO_ACTIVATION).integer(Product.Pairing.IN_ORDER.number)
                .struct(CudaCache::writeNoHeadStore)
                .pointer(experts.values()).pointer(experts.scales()).pointer(routes.firstPlaces())
                .integer(experts.size()).integer(0);
        driver.launch(kernels.projectExperts(shape.storage(), tiling.rowTile()), tiling.blocks(), 1, 1,
                PROJECT_THREADS, Tiling.sharedBytes(tiling.rowTile()), arguments);
    }

    /// @param bucket number of rows for which the launch is made
    void add(CudaTensor hidden, CudaTensor in, CudaRoutes routes, long plan, int bucket) {
        routes.write(arguments.begin().struct(hidden.withSquares()).pointer(in.values())).pointer(plan)
                .integer(hidden.columns());
        driver.launch(kernels.addExperts, Math.ceilDiv(hidden.columns(), ELEMENT_THREADS), bucket, 1, ELEMENT_THREADS,
                0, arguments);
        hidden.writtenWithSquares(Counter.ROWS);
    }

    /// @param bucket number of rows for which the launch is made
    void scaleRows(CudaTensor tensor, CudaTensor scores, long plan, int bucket) {
        arguments.begin().struct(tensor).pointer(scores.values()).pointer(plan).integer(tensor.columns());
        driver.launch(kernels.scaleRows, Math.ceilDiv(tensor.columns(), ELEMENT_THREADS), bucket, 1, ELEMENT_THREADS, 0,
                arguments);
        tensor.written(Counter.ROWS, true);
    }
}
