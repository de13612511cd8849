package dev.flover.topology;

import dev.flover.topology.generation.SharedEngine;
import dev.flover.topology.state.LeftToOthers;
import dev.flover.topology.weather.Standstill;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the pipeline's health, which its threads report. Any thread may read it.
final class HealthBoard {
    private static final Logger LOG = LoggerFactory.getLogger(HealthBoard.class);

    private final LeftToOthers left;
    private final Standstill standstill;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile List<SharedEngine> engines = List.of();
    private volatile Health health = new Health(Health.State.STARTING, "starting");

    HealthBoard(LeftToOthers left, Standstill standstill) {
        this.left = left;
        this.standstill = standstill;
    }

    /// Adds the leaks of engines to the reported health from now on.
    void watch(List<SharedEngine> watched) {
        engines = watched;
    }

    synchronized void starting(String detail) {
        health = new Health(Health.State.STARTING, detail);
    }

    synchronized void serving() {
        health = new Health(Health.State.READY, "serving");
        LOG.info("serving");
        ready.countDown();
    }

    synchronized void rebalancing() {
        health = new Health(Health.State.REBALANCING, "partitions are being assigned");
        LOG.info("partitions are being assigned");
    }

    /// Reports why partitions are still being assigned; ignored where they are not.
    synchronized void rebalancingBecause(String reason) {
        if (health.state() == Health.State.REBALANCING) {
            LOG.warn(reason);
            health = new Health(Health.State.REBALANCING, reason);
        }
    }

    synchronized void failed(String detail) {
        health = new Health(Health.State.FAILED, detail);
    }

    /// Reports that the pipeline has ended, and wakes the threads that wait for it.
    ///
    /// @param detail the sentence of the final state, unless the pipeline has failed
    synchronized void ended(String detail) {
        if (health.isAlive()) {
            health = new Health(Health.State.STOPPED, detail);
        }
        ready.countDown();
        ended.countDown();
    }

    boolean wasEverReady() {
        return ready.getCount() == 0;
    }

    /// The state that was reported most recently.
    Health.State state() {
        return health.state();
    }

    /// The health with all sentences: the reported one, stored generations that this release cannot read, standstills,
    /// and leaks of the engines.
    Health health() {
        var now = health;
        if (!now.isAlive()) {
            return now;
        }
        var said = new ArrayList<>(List.of(now.detail()));
        if (left.count() > 0) {
            said.add(left.sentence());
        }
        engines.stream().map(SharedEngine::leak).filter(Objects::nonNull).forEach(said::add);
        said.addAll(standstill.sentences());
        var state = now.isReady() && standstill.isCutOff() ? Health.State.CUT_OFF : now.state();
        return new Health(state, String.join("; ", said));
    }

    /// Waits until the pipeline is ready.
    ///
    /// @return false if the pipeline is not ready within this time, or never will be
    boolean awaitReady(Duration limit) throws InterruptedException {
        return ready.await(limit.toMillis(), TimeUnit.MILLISECONDS) && health.isAlive();
    }

    Health awaitEnd() throws InterruptedException {
        ended.await();
        return health;
    }
}
