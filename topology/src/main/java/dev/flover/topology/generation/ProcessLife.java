package dev.flover.topology.generation;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The life of a process, from its start to its end, over all lives of Kafka Streams in it.
///
/// The end of a life of Kafka Streams is not the death of a process: attempts are counted by the process's name, which
/// stays the same. Thread-safe.
public final class ProcessLife {
    private final UUID process;
    private final Set<UUID> survivors = new HashSet<>();
    private final Set<Integer> trying = ConcurrentHashMap.newKeySet();
    private final CountDownLatch settled = new CountDownLatch(1);
    private volatile boolean ending;

    /// @param process a name that no other process has
    /// @param before  the name of the previous process in the state folder, where that one ended in good order
    public ProcessLife(UUID process, Optional<UUID> before) {
        this.process = process;
        survivors.add(process);
        before.ifPresent(survivors::add);
    }

    /// The process's name, which no other process has.
    UUID process() {
        return process;
    }

    /// The processes that are known not to have been ended by a generation: this one, and the previous one if it ended
    /// in good order.
    Set<UUID> survivors() {
        return survivors;
    }

    /// Notes that this process ends now, in good order.
    public void ends() {
        ending = true;
    }

    /// Whether the process ends: then partitions begin no further attempts, and take back those that they have begun.
    boolean isEnding() {
        return ending;
    }

    /// Notes that a stream thread has been assigned a partition.
    void opened(int partition) {
        trying.add(partition);
    }

    /// Notes that a partition has taken back its attempts, or has been taken away.
    void settled(int partition) {
        trying.remove(partition);
        if (ending && trying.isEmpty()) {
            settled.countDown();
        }
    }

    /// Waits, at most for the given time in ms, until all partitions have taken back their attempts. A stream thread
    /// that waits for an absent broker never does.
    public void awaitSettled(long limitMs) {
        try {
            settled.await(limitMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
