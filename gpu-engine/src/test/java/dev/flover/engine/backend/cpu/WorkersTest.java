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
            }, 50)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("a tile failed: java.lang.IllegalArgumentException: tile 37")
                    .hasRootCauseMessage("tile 37");
            var runs = new AtomicIntegerArray(50);
            workers.run((tile, _) -> runs.incrementAndGet(tile), 50);
            for (int tile = 0; tile < 50; tile++) {
                assertThat(runs.get(tile)).isEqualTo(1);
            }
        }
    }

    @Test
    void aShortJobIsDoneByItsOwnerAndALongOneByAll() {
        try (var workers = new Workers(2, "test", 1000, Workers.PATIENCE_NANOS)) {
            var owner = Thread.currentThread();
            workers.run((_, worker) -> {
                assertThat(Thread.currentThread()).isSameAs(owner);
                assertThat(worker).isZero();
            }, 500, 999);
            var both = new CountDownLatch(2);       // a tile that waits for the other tile: both need a thread
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

    @Test
    void aTileOfAWorkerThatIsPutAsideIsComputedByTheOwner() throws InterruptedException {
        try (var workers = new Workers(2, "test", 0, Workers.PATIENCE_NANOS)) {
            var held = new CountDownLatch(1);
            var goOn = new CountDownLatch(1);
            var first = new Copies(1, 40) {
                @Override
                public void run(int tile, int worker) {
                    await(held);        // until the worker holds a tile
                    super.run(tile, worker);
                }

                @Override
                void compute(int worker) {
                    held.countDown();
                    await(goOn);
                    super.compute(worker);
                }
            };
            workers.run(first, 40, 1);
            assertThat(first.out).containsOnly(1);
            assertThat(first.published).isZero();
            var second = new Copies(2, 40);
            workers.run(second, 40, 1);
            assertThat(second.out).containsOnly(2);
            assertThat(second.published).isZero();
            goOn.countDown();
            var third = new Copies(3, 40) {
                @Override
                public void run(int tile, int worker) {
                    await(brought);
                    super.run(tile, worker);
                }
            };
            workers.run(third, 40, 1);      // the worker takes part again
            assertThat(third.out).containsOnly(3);
            assertThat(third.published).isPositive();
            assertThat(first.published).isZero();
        }
    }

    @Test
    void tilesTakenAwayAtAnyTimeAreComputedOnce() {
        long seed = 11;
        var random = new Random(seed);
        try (var workers = new Workers(3, "test", 0, -1_000_000_000L)) {
            for (int number = 1; number <= 20_000; number++) {
                var job = new Copies(number, 2 + random.nextInt(6));
                workers.run(job, job.out.length, 1);
                assertThat(job.out).as("job " + number + ", seed " + seed).containsOnly(number);
            }
        }
    }

    @Test
    void aTileOfAShortJobFailsLikeOneOfALongJob() {
        try (var workers = new Workers(2, "test", Long.MAX_VALUE, Long.MAX_VALUE / 2)) {
            Workers.Job failing = (tile, _) -> {
                throw new IllegalArgumentException("tile " + tile);
            };
            assertThatThrownBy(() -> workers.run(failing, 2, 1)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("a tile failed: java.lang.IllegalArgumentException: tile 0")
                    .hasRootCauseMessage("tile 0");
        }
    }

    @Test
    void whatAWorkerThrowsReachesTheOwnerUnlessItsTileWasTakenAway() {
        try (var workers = new Workers(2, "test", 0, Long.MAX_VALUE / 2)) {
            var failing = new Copies(1, 8) {
                @Override
                public void run(int tile, int worker) {
                    await(helped);
                }

                @Override
                void compute(int worker) {
                    helped.countDown();
                    throw new IllegalStateException("worker " + worker);
                }
            };
            assertThatThrownBy(() -> workers.run(failing, 8, 1)).hasRootCauseMessage("worker 1");
        }
        try (var workers = new Workers(2, "test", 0, -1_000_000_000L)) {
            var goOn = new CountDownLatch(1);
            var failing = new Copies(2, 8) {
                @Override
                public void run(int tile, int worker) {
                    await(helped);
                    super.run(tile, worker);
                }

                @Override
                void compute(int worker) {
                    helped.countDown();
                    await(goOn);
                    throw new IllegalStateException("too late");
                }
            };
            workers.run(failing, 8, 1);
            goOn.countDown();
            assertThat(failing.out).containsOnly(2);
            workers.run(new Copies(3, 8), 8, 1);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// Writes a number to every tile's place: the owner directly, workers in scratch memory first.
    private static class Copies implements Workers.Revocable {
        final CountDownLatch helped = new CountDownLatch(1);
        final CountDownLatch brought = new CountDownLatch(1);
        final int[] out;
        int published;
        private final int number;
        private final int[] tiles = new int[4];
        private final int[] aside = new int[4];

        Copies(int number, int tiles) {
            this.number = number;
            out = new int[tiles];
        }

        @Override
        public void run(int tile, int worker) {
            out[tile] += number;
        }

        void compute(int worker) {
            aside[worker] = number;
            helped.countDown();
        }

        @Override
        public Workers.Piece piece(int worker) {
            return new Workers.Piece() {
                @Override
                public void run(int tile) {
                    throw new AssertionError("the job runs tiles itself");
                }

                @Override
                public void prepare(int tile) {
                    tiles[worker] = tile;
                }

                @Override
                public void compute() {
                    Copies.this.compute(worker);
                }

                @Override
                public void publish() {
                    out[tiles[worker]] += aside[worker];
                    synchronized (Copies.this) {
                        published++;
                    }
                    brought.countDown();
                }
            };
        }
    }
}
