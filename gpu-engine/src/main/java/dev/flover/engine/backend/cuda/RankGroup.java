package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Tensor;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Arguments.Struct;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.backend.cuda.driver.Driver.Pinned;
import dev.flover.engine.backend.ranks.Exchange;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Collections;
import java.util.List;

/// The state that the ranks of one model share: the memory by which their kernels signal to each other, and the
/// barrier at which their host threads meet.
///
/// **When host threads meet.** A kernel that waits for another rank occupies its device until that rank has launched
/// the same kernel. While it waits, no rank may make a call for which the driver may wait for a device, such as an
/// allocation. So the host threads meet before the first launch of each step; and in steps that are not replayed from a
/// graph, during which memory is allocated, before and after each launch of such a kernel.
final class RankGroup {
    /// As in peers.cuh.
    static final int MOST_RANKS = 8;
    static final int MOST_BLOCKS = 64;

    private final List<Driver> drivers;
    private final Exchange exchange;
    private final Limits limits;
    private final int blocks;
    private final long[] counts;
    private final long[] signals;
    private final Pinned abandoned;
    private volatile long firstsNumber;
    private boolean quiet;

    /// @param patienceNanos how long a kernel waits for another rank before it ends with an error
    /// @param oneShotBytes  the most bytes of a sum that every rank adds as a whole; of a larger one, each rank adds a
    ///     part
    record Limits(long patienceNanos, long oneShotBytes) {
        /// The patience is for host threads that the system does not run for a while.
        static final Limits STANDARD = new Limits(20_000_000_000L, 512 << 10);
    }

    /// @param drivers one for each rank, each of which reaches the memory of all others
    RankGroup(List<Driver> drivers, Exchange exchange, Limits limits) {
        this.drivers = List.copyOf(drivers);
        this.exchange = exchange;
        this.limits = limits;
        int least = drivers.stream().mapToInt(driver -> driver.properties().multiprocessors()).min().orElseThrow();
        int together = drivers.stream().mapToInt(driver -> Collections.frequency(
                drivers.stream().map(Driver::number).toList(), driver.number())).max().orElseThrow();
        blocks = Math.clamp(least / 4 / together, 1, MOST_BLOCKS);
        counts = drivers.stream().mapToLong(driver -> zeroed(driver, MOST_BLOCKS)).toArray();
        signals = drivers.stream().mapToLong(driver -> zeroed(driver, MOST_RANKS * MOST_BLOCKS)).toArray();
        abandoned = drivers.getFirst().allocatePinned(Long.BYTES);
    }

    private static long zeroed(Driver driver, int words) {
        long address = driver.allocate(4L * words, "signals of ranks");
        driver.enqueueFill(address, (byte) 0, 4L * words);
        driver.synchronise();
        return address;
    }

    int ranks() {
        return drivers.size();
    }

    /// The number of blocks of a kernel in which ranks meet, if `most` have work: at most a quarter of a device's
    /// multiprocessors, so that ranks that share a device, and kernels that they wait for, can run at the same time.
    int blocks(long most) {
        return Math.clamp(most, 1, blocks);
    }

    /// Whether each rank adds a part of a sum, and the parts are then exchanged. Two ranks never do this, because each
    /// would read as many bytes as when it adds the whole sum.
    ///
    /// @param bytes of the whole sum
    boolean addsInParts(long bytes) {
        return ranks() > 2 && bytes > limits.oneShotBytes();
    }

    /// How many ranks compute on the device of a rank.
    int sharing(int rank) {
        return (int) drivers.stream().filter(driver -> driver.number() == drivers.get(rank).number()).count();
    }

    /// Waits until the host threads of all ranks have come here.
    void meet(int rank) {
        exchange.meet(rank);
    }

    /// As [#meet]; returns the least of the numbers that the ranks give.
    int least(int rank, int number) {
        return exchange.least(rank, number);
    }

    /// As [#meet]; returns the device addresses of the tensors that the ranks give.
    long[] addresses(int rank, Tensor tensor) {
        return exchange.meet(rank, tensor).stream().mapToLong(each -> ((CudaTensor) each).values()).toArray();
    }

    /// As [#meet]; returns the number that the first rank gives.
    long ofFirst(int rank, long number) {
        if (rank == 0) {
            firstsNumber = number;
        }
        exchange.meet(rank);
        return firstsNumber;
    }

    /// As [#meet]; returns the tensors that the ranks give.
    List<Tensor> tensors(int rank, Tensor tensor) {
        return List.copyOf(exchange.meet(rank, tensor));
    }

    /// `struct Peers` of peers.cuh.
    Struct peers(int rank) {
        return arguments -> {
            arguments.integer(rank).integer(ranks()).pointer(counts[rank]);
            writeAddresses(arguments, signals);
            arguments.wide(limits.patienceNanos()).pointer(abandoned.deviceAddress());
        };
    }

    /// Writes an array with an address for each rank that there can be.
    static void writeAddresses(Arguments arguments, long[] addresses) {
        for (int i = 0; i < MOST_RANKS; i++) {
            arguments.pointer(i < addresses.length ? addresses[i] : 0);
        }
    }

    /// Lets all ranks fail that wait for another, on the host or on a device: one has failed.
    synchronized void abandon() {
        exchange.fail();
        if (!quiet) {
            abandoned.memory().set(ValueLayout.JAVA_INT, 0, 1);
            VarHandle.fullFence();
        }
    }

    /// Waits for the work of all ranks, and destroys the graphs, so that no kernel uses another rank's memory any more.
    synchronized void quieten() {
        if (!quiet) {
            quiet = true;
            drivers.forEach(Driver::quieten);
        }
    }
}
