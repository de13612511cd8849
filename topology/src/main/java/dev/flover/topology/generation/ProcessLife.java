package dev.flover.topology.generation;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// From the start of a process to its end, over all lives of Kafka Streams in it.
///
/// A life of Kafka Streams that ends is not a process that dies: attempts are counted by the name that is drawn here.
public final class ProcessLife {
    private final UUID process;
    private final Set<UUID> survivors = new HashSet<>();
    private final Set<Integer> trying = new HashSet<>();
    private final CountDownLatch settled = new CountDownLatch(1);
    private volatile boolean ending;

    /// @param process differs from process to process
    /// @param before  the process before this one in its state folder, where that ended in good order
    public ProcessLife(UUID process, Optional<UUID> before) {
        this.process = process;
        survivors.add(process);
        before.ifPresent(survivors::add);
    }

    /// Differs from process to process.
    UUID process() {
        return process;
    }

    /// Processes that no generation has ended: this one, and the one before where that ended in good order.
    Set<UUID> survivors() {
        return survivors;
    }

    /// This process ends now, in good order.
    public void ends() {
        ending = true;
    }

    /// Whether no attempt is begun any more, and those under way are taken back.
    boolean isEnding() {
        return ending;
    }

    /// The stream thread has a partition now.
    void opened(int partition) {
        trying.add(partition);
    }

    /// A partition has taken its attempts back, or has gone.
    void settled(int partition) {
        trying.remove(partition);
        if (ending && trying.isEmpty()) {
            settled.countDown();
        }
    }

    /// Waits, within the limit, until all partitions have settled; a thread that waits for an absent broker never does.
    public void awaitSettled(long limitMs) {
        try {
            settled.await(limitMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
