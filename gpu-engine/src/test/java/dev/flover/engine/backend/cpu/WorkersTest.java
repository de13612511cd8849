package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
    @Test
    void everyTileOfEveryJobRunsOnceAndBeforeTheJobReturns() {
        long seed = 7;
        var random = new Random(seed);
        try (var workers = new Workers(4, "test")) {
            for (int job = 0; job < 20_000; job++) {
                int tiles = 1 + random.nextInt(9);
                var runs = new AtomicIntegerArray(tiles);
                workers.run((tile, _) -> runs.incrementAndGet(tile), tiles);
                for (int tile = 0; tile < tiles; tile++) {
                    assertThat(runs.get(tile)).as("tile " + tile + " of job " + job + ", seed " + seed).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void aWorkerNeverRunsTwoTilesAtOnce() {
        try (var workers = new Workers(3, "test")) {
            var inside = new AtomicIntegerArray(3);
            workers.run((_, worker) -> {
                assertThat(inside.incrementAndGet(worker)).isEqualTo(1);
                inside.decrementAndGet(worker);
            }, 5_000);
        }
    }

    @Test
    void whatATileThrowsReachesTheOwnerAndTheNextJobRuns() {
        try (var workers = new Workers(2, "test")) {
            assertThatThrownBy(() -> workers.run((tile, _) -> {
                if (tile == 37) {
                    throw new IllegalArgumentException("tile 37");
                }
            }, 50)).hasRootCauseMessage("tile 37");
            var runs = new AtomicIntegerArray(50);
            workers.run((tile, _) -> runs.incrementAndGet(tile), 50);
            for (int tile = 0; tile < 50; tile++) {
                assertThat(runs.get(tile)).isEqualTo(1);
            }
        }
    }

    @Test
    void aShortJobIsDoneByItsOwnerAndALongOneByAll() {
        try (var workers = new Workers(2, "test", 1000)) {
            var owner = Thread.currentThread();
            workers.run((_, worker) -> {
                assertThat(Thread.currentThread()).isSameAs(owner);
                assertThat(worker).isZero();
            }, 500, 999);
            var both = new CountDownLatch(2);       // a tile that waits for the other needs two threads
            workers.run((_, _) -> {
                both.countDown();
                try {
                    assertThat(both.await(20, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }, 2, 1000);
        }
    }

    @Test
    void oneThreadRunsTilesInOrder() {
        var order = new StringBuilder();
        try (var workers = new Workers(1, "test")) {
            workers.run((tile, _) -> order.append(tile), 5);
        }
        assertThat(order).hasToString("01234");
    }
}
