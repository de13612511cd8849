package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend.Weight;
import dev.flover.engine.backend.HostRoutes;
import dev.flover.engine.backend.Prepares;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The feed-forward part of layers with experts. Rows are sorted by expert, so that each expert is one product with its
/// rows.
final class ExpertWork {
    private final Projection projection;
    private final SegmentAllocator memory;
    private final Sums sums;
    private MemorySegment gathered = MemorySegment.NULL;

    ExpertWork(Workers workers, Projection projection, SegmentAllocator memory) {
        this.projection = projection;
        this.memory = memory;
        sums = new Sums(workers);
    }

    static void route(HostRoutes routes, HostTensor scores, int rows, float @Nullable [] correction) {
        double[] ofRow = routes.scores();
        for (int row = 0; row < rows; row++) {
            long at = 4L * row * scores.columns();
            for (int i = 0; i < ofRow.length; i++) {
                ofRow[i] = scores.memory().get(ValueLayout.JAVA_FLOAT, at + 4L * i);
            }
            routes.choose(row, correction);
        }
        routes.group(rows);
    }

    /// @param routed true if `in` has one row for each place, false if it has one row for each row of the step
    /// @param bias   address of the biases of all experts, one after another; 0 for none
    void project(HostTensor out, HostTensor in, HostRoutes routes, boolean routed, List<Weight> experts, long bias) {
        long from = routed ? in.address() : gather(in, routes).address();
        projection.runExperts(out.address(), from, routes, experts, bias);
    }

    private MemorySegment gather(HostTensor in, HostRoutes routes) {
        long rowBytes = 4L * in.columns();
        if (gathered.byteSize() < routes.places() * rowBytes + 64) {
            gathered = memory.allocate(2 * routes.places() * rowBytes + 64);
        }
        for (int place = 0; place < routes.places(); place++) {
            MemorySegment.copy(
                    in.memory(), routes.rowOfPlace(place) * rowBytes, gathered, place * rowBytes, rowBytes);
        }
        return gathered;
    }

    void add(HostTensor hidden, HostTensor in, HostRoutes routes, int rows) {
        sums.run(hidden, in, routes, rows);
    }

    static void scaleRows(HostTensor tensor, HostTensor scores, int rows) {
        for (int row = 0; row < rows; row++) {
            double score = scores.memory().get(ValueLayout.JAVA_FLOAT, 4L * row);
            float factor = (float) (1 / (1 + StrictMath.exp(-score)));
            long at = 4L * row * tensor.columns();
            for (int i = 0; i < tensor.columns(); i++, at += 4) {
                tensor.memory().set(ValueLayout.JAVA_FLOAT, at,
                        tensor.memory().get(ValueLayout.JAVA_FLOAT, at) * factor);
            }
        }
    }

    private static final class Sums extends RowWork {
        private HostTensor hidden;
        private HostTensor in;
        private HostRoutes routes;

        Sums(Workers workers) {
            super(workers);
        }

        @Prepares
        void run(HostTensor hidden, HostTensor in, HostRoutes routes, int rows) {
            this.hidden = hidden;
            this.in = in;
            this.routes = routes;
            share(rows, hidden.columns() * (routes.routing().chosen() + 1));
        }

        @Override
        void rows(int first, int count, int worker) {
            int width = hidden.columns();
            int chosen = routes.routing().chosen();
            for (int row = first; row < first + count; row++) {
                for (int i = 0; i < width; i++) {
                    float sum = 0;
                    for (int rank = 0; rank < chosen; rank++) {
                        long at = 4L * ((long) routes.place(row, rank) * width + i);
                        sum += routes.weight(row, rank) * in.memory().get(ValueLayout.JAVA_FLOAT, at);
                    }
                    long to = 4L * ((long) row * width + i);
                    hidden.memory().set(ValueLayout.JAVA_FLOAT, to,
                            hidden.memory().get(ValueLayout.JAVA_FLOAT, to) + sum);
                }
            }
        }
    }
}
