package dev.flover.topology.request;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// A thread pool with a fair queue: tenants take turns, so that a tenant with many tasks does not delay another
/// tenant's tasks.
///
/// Each task gets a round number, and tasks begin in the order of these numbers. A task's number is the larger of two:
/// one more than the number of its tenant's previous task, and the number of the task that began last.
public final class FairTurns implements AutoCloseable {
    private static final int TENANTS = 10_000;

    private final ThreadPoolExecutor threads;
    private final Map<String, Long> rounds = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > TENANTS;
        }
    };
    private long round;
    private long order;

    private final class Turn implements Runnable, Comparable<Turn> {
        private final long number;
        private final long arrival;
        private final Runnable work;

        Turn(long number, long arrival, Runnable work) {
            this.number = number;
            this.arrival = arrival;
            this.work = work;
        }

        @Override
        public void run() {
            begin(number);
            work.run();
        }

        @Override
        public int compareTo(Turn other) {
            return number != other.number
                    ? Long.compare(number, other.number)
                    : Long.compare(arrival, other.arrival);
        }
    }

    public FairTurns(int count, String name) {
        threads = new ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, new PriorityBlockingQueue<>(),
                Thread.ofPlatform().daemon().name(name, 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    public Executor of(String tenant) {
        return work -> threads.execute(turn(tenant, work));
    }

    private synchronized Turn turn(String tenant, Runnable work) {
        long number = Math.max(round, rounds.getOrDefault(tenant, 0L)) + 1;
        rounds.put(tenant, number);
        return new Turn(number, order++, work);
    }

    private synchronized void begin(long number) {
        round = Math.max(round, number - 1);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
