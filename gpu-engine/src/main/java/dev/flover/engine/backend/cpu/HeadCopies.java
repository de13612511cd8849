package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend.HeadPlace;
import dev.flover.engine.backend.Prepares;
import dev.flover.engine.backend.cpu.kernels.Kernels;

/// Copies numbers of heads between tensors of different layouts. Workers share the heads.
final class HeadCopies extends RowWork {
    private final Kernels kernels;
    private HostTensor out;
    private HeadPlace to;
    private HostTensor in;
    private HeadPlace from;
    private int width;
    private int rows;

    HeadCopies(Workers workers, Kernels kernels) {
        super(workers);
        this.kernels = kernels;
    }

    @Prepares
    void run(HostTensor out, HeadPlace to, HostTensor in, HeadPlace from, int heads, int width, int rows) {
        this.out = out;
        this.to = to;
        this.in = in;
        this.from = from;
        this.width = width;
        this.rows = rows;
        share(heads, rows * width);
    }

    @Override
    void rows(int first, int count, int worker) {
        for (int head = first; head < first + count; head++) {
            kernels.put(out.address() + 4L * to.at(out, rows, 0, head), out.columns(),
                    in.address() + 4L * from.at(in, rows, 0, head), in.columns(), rows, width, false);
        }
    }
}
