package dev.flover.engine.backend.ranks;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.Backend.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/// The point at which ranks wait for each other and see each other's tensors.
///
/// A rank may overwrite its own tensor after the next meeting: the other ranks arrive at that meeting only when they
/// have read the tensor.
public final class Exchange {
    private static final int SPINS_A_LOOK = 64;
    /// How long a rank spins, and until when it then yields, before it sleeps between two looks. Meetings of a step
    /// follow each other faster than that. Ranks that share processors do not spin, and sleep soon.
    private static final long SPIN_NANOS = 50_000;
    private static final long YIELD_NANOS = 2_000_000;
    private static final long CROWDED_YIELD_NANOS = 100_000;
    private static final long SLEEP_NANOS = 100_000;
    private static final int LINE = 64 / Long.BYTES;

    private final int ranks;
    private final long spinNanos;
    private final long yieldNanos;
    /// For each rank, in a cache line of its own: how many meetings it has arrived at.
    private final AtomicLongArray arrivals;
    private final Tensor[][] given;
    private final List<List<Tensor>> views;
    private final int[] numbers;
    private volatile boolean failed;

    public Exchange(int ranks) {
        this.ranks = ranks;
        boolean crowded = ranks > Runtime.getRuntime().availableProcessors();
        spinNanos = crowded ? 0 : SPIN_NANOS;
        yieldNanos = crowded ? CROWDED_YIELD_NANOS : YIELD_NANOS;
        arrivals = new AtomicLongArray(ranks * LINE);
        given = new Tensor[2][ranks];
        views = List.of(Arrays.asList(given[0]), Arrays.asList(given[1]));
        numbers = new int[2 * ranks];
    }

    /// Which of a rank's two tensors of one shape it gives at its next meeting.
    int turn(int rank) {
        return (int) (arrivals.get(rank * LINE) & 1);
    }

    /// Gives a tensor to the other ranks, and waits until all have given theirs.
    ///
    /// @return the tensors of all ranks; valid until this rank's next but one meeting
    public List<Tensor> meet(int rank, Tensor tensor) {
        int turn = turn(rank);
        given[turn][rank] = tensor;
        meet(rank);
        return views.get(turn);
    }

    /// The least of the numbers that the ranks give.
    public int least(int rank, int number) {
        int first = turn(rank) * ranks;
        numbers[first + rank] = number;
        meet(rank);
        return Arrays.stream(numbers, first, first + ranks).min().orElseThrow();
    }

    /// Waits until all ranks have arrived.
    ///
    /// @throws EngineException if another rank failed
    public void meet(int rank) {
        long meeting = arrivals.incrementAndGet(rank * LINE);
        for (int other = 0; other < ranks; other++) {
            await(other, meeting);
        }
    }

    private void await(int other, long meeting) {
        long begin = 0;
        for (int spins = 1; arrivals.get(other * LINE) < meeting; spins++) {
            if (failed) {
                throw new EngineException("another rank failed");
            }
            if (spins % SPINS_A_LOOK != 0) {
                Thread.onSpinWait();
                continue;
            }
            long now = System.nanoTime();
            begin = begin == 0 ? now : begin;
            if (now - begin > yieldNanos) {
                LockSupport.parkNanos(SLEEP_NANOS);
            } else if (now - begin >= spinNanos) {
                Thread.yield();     // the other rank may need this core
            }
        }
    }

    /// Lets all ranks that wait, now or later, fail.
    public void fail() {
        failed = true;
    }
}
