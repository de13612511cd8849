package dev.flover.app.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/// Keeps one pipeline running and kills it again and again, at moments drawn from a seed. One owner, who calls [#tick].
final class Killer implements AutoCloseable {
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final int FIRST_GUESS_OF_A_START_MS = 2_000;

    private final Supplier<VictimProcess> starting;
    private final Sightings sightings;
    private final int kills;
    private final Random random;
    private final Deque<Aim> aims = new ArrayDeque<>();
    private final Map<Phase, Integer> byPhase = new EnumMap<>(Phase.class);
    private final List<Long> recoveriesMs = new ArrayList<>();
    private VictimProcess victim;
    private Aim aim;
    private int startMs = FIRST_GUESS_OF_A_START_MS;
    private long dueNanos;
    private boolean due;
    private boolean recovering;
    private long killedNanos;
    private int done;

    Killer(Supplier<VictimProcess> starting, Sightings sightings, int kills, long seed) {
        this.starting = starting;
        this.sightings = sightings;
        this.kills = kills;
        this.random = new Random(seed);
        aims.add(Aim.AT_END);      // the first life has nothing to be cautious about, which is worth an end
        for (var phase : Phase.values()) {
            byPhase.put(phase, 0);
        }
    }

    /// Starts, notes and kills what is due.
    void tick() {
        if (victim == null) {
            start();
        }
        victim.throwIfEnded();
        if (victim.isReady()) {
            startMs = (int) victim.millisToReady();
        }
        noteRecovery();
        if (done < kills && isDue()) {
            kill();
            start();
        }
    }

    private void start() {
        if (aims.isEmpty()) {
            var round = new ArrayList<>(Arrays.asList(Aim.values()));
            Collections.shuffle(round, random);
            aims.addAll(round);
        }
        aim = aims.remove();
        due = false;
        victim = starting.get();
    }

    private boolean isDue() {
        long now = System.nanoTime();
        if (!due && aim.isReached(victim, sightings)) {
            due = true;
            dueNanos = now + random.nextInt(aim.maxDelayMs(startMs) + 1) * 1_000_000L;
        }
        return due ? now - dueNanos >= 0 : now - victim.startedNanos() > PATIENCE_NANOS;
    }

    private void kill() {
        var phase = victim.phase(sightings);
        killedNanos = System.nanoTime();
        victim.close();
        recovering = true;
        byPhase.merge(phase, 1, Integer::sum);
        done++;
    }

    private void noteRecovery() {
        if (recovering && sightings.committedSince(victim.startedMs())) {
            recovering = false;
            recoveriesMs.add((System.nanoTime() - killedNanos) / 1_000_000);
        }
    }

    int kills() {
        return done;
    }

    boolean isDone() {
        return done == kills;
    }

    /// Every phase, also those in which nothing was killed.
    Map<Phase, Integer> killsByPhase() {
        return byPhase;
    }

    /// From each kill that was not followed by another one before, to the next committed token.
    List<Long> recoveriesMs() {
        return recoveriesMs;
    }

    @Override
    public void close() {
        if (victim != null) {
            victim.close();
        }
    }
}
