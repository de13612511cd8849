package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.HostRoutes;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Arrays;
import java.util.List;

/// Adds the sums that several ranks computed for one product, in a binary tree. Workers share the rows.
final class JoinWork extends RowWork {
    /// The most levels of the tree, for eight ranks.
    private static final int LEVELS = 3;

    private final Kernels kernels;
    private final SegmentAllocator memory;
    /// For each worker, a row for each level of the tree and one for the whole sum.
    private final MemorySegment[] scratch;
    private HostTensor out;
    private List<Tensor> parts;
    private long bias;
    private boolean accumulate;

    JoinWork(Workers workers, Kernels kernels, SegmentAllocator memory) {
        super(workers);
        this.kernels = kernels;
        this.memory = memory;
        scratch = new MemorySegment[workers.count()];
        Arrays.fill(scratch, MemorySegment.NULL);
    }

    /// Computes `out = parts + bias`, or `out += parts + bias`.
    ///
    /// @param bias address of `[columns]` f32, 0 for none
    @Prepares
    void run(HostTensor out, List<Tensor> parts, int rows, long bias, boolean accumulate) {
        this.out = out;
        this.parts = parts;
        this.bias = bias;
        this.accumulate = accumulate;
        for (int worker = 0; worker < scratch.length; worker++) {
            scratch[worker] = TensorPiece.reserved(memory, scratch[worker],
                    (LEVELS + 1) * 4L * Kernels.padded(out.columns()));
        }
        share(rows, (parts.size() + 2) * out.columns());
    }

    @Override
    void rows(int first, int count, int worker) {
        for (int row = first; row < first + count; row++) {
            long to = accumulate ? scratchRow(worker, LEVELS) : out.row(row);
            sum(to, row, 0, parts.size(), worker, 0);
            if (bias != 0) {
                put(to, bias, true);
            }
            if (accumulate) {
                put(out.row(row), to, true);
            }
        }
    }

    /// Writes the sum of `count` parts to `to`.
    ///
    /// @param level the scratch row that this call may use; calls within it use the rows after that
    private void sum(long to, int row, int first, int count, int worker, int level) {
        if (count == 1) {
            put(to, HostTensor.of(parts.get(first)).row(row), false);
            return;
        }
        int half = count / 2;
        sum(to, row, first, half, worker, level + 1);
        if (half == 1) {
            put(to, HostTensor.of(parts.get(first + 1)).row(row), true);
        } else {
            long right = scratchRow(worker, level);
            sum(right, row, first + half, half, worker, level + 1);
            put(to, right, true);
        }
    }

    private long scratchRow(int worker, int row) {
        return scratch[worker].address() + row * 4L * Kernels.padded(out.columns());
    }

    private void put(long to, long from, boolean add) {
        kernels.put(to, 0, from, 0, 1, out.columns(), add);
    }

    /// Adds to each routed row the bias of its expert.
    ///
    /// @param biases address of the biases of all experts, one after another
    static void addBiases(Kernels kernels, HostTensor out, HostRoutes routes, long biases) {
        int width = out.columns();
        for (int expert = 0; expert < routes.routing().experts(); expert++) {
            int first = routes.firstPlace(expert);
            kernels.put(out.row(first), width, biases + 4L * expert * width, 0, routes.firstPlace(expert + 1) - first,
                    width, true);
        }
    }
}
