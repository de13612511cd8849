package dev.flover.benchmarks.delivery;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Keeps instances running and disturbs them one after the other, at moments drawn from a seed. Not thread-safe: one
/// thread calls [#tick].
final class Disturber implements AutoCloseable {
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final int FIRST_GUESS_OF_A_START_MS = 2_000;
    private static final int PAST_SESSION_MS = 500;
    private static final int PAUSE_VARIES_MS = 1_000;

    private final List<Instance> instances;
    private final Disturbances disturbances;
    private final Weather weather;
    private final Sightings sightings;
    private final Recoveries recoveries;
    private final int sessionMs;
    private final Random random;
    private final Map<Disturbance, Map<Phase, Integer>> counts = new EnumMap<>(Disturbance.class);
    private @Nullable Strike next;
    private boolean due;
    private long dueNanos;
    private int startMs = FIRST_GUESS_OF_A_START_MS;
    private boolean watchesTakeover;
    private long struckNanos;
    private int done;

    /// @param pick a random number that chooses among the instances running at that time
    private record Strike(Disturbance kind, Aim aim, int pick, long drawnNanos) {}

    /// @param instances none of them started
    /// @param initially the number of instances to start first
    /// @param weather   makes the disturbances of the services
    /// @param sessionMs session timeout of the consumer group, in ms
    Disturber(List<Instance> instances, int initially, Disturbances disturbances, Weather weather,
            Sightings sightings, Recoveries recoveries, int sessionMs, Random random) {
        this.weather = weather;
        this.instances = instances;
        this.disturbances = disturbances;
        this.sightings = sightings;
        this.recoveries = recoveries;
        this.sessionMs = sessionMs;
        this.random = random;
        for (var kind : disturbances.kinds()) {
            var byPhase = new EnumMap<Phase, Integer>(Phase.class);
            for (var phase : Phase.values()) {
                byPhase.put(phase, 0);
            }
            counts.put(kind, byPhase);
        }
        instances.subList(0, initially).forEach(Instance::start);
    }

    /// Observes the instances and makes the disturbance that is due.
    ///
    /// @param more whether further disturbances may begin
    void tick(boolean more) {
        instances.forEach(Instance::tick);
        weather.tick();
        if (more && next == null && !disturbances.areMadeUp() && !isTakeoverWatched()) {
            draw();
        }
        var strike = next;
        var target = strike == null ? null : target(strike);
        if (strike != null && target != null && isDue(strike, target)
                && (strike.kind() != Disturbance.WEATHER || weather.isFair())) {
            strike(strike.kind(), target);
        }
    }

    /// Tells whether no new disturbance may begin: after every second loss, the time until another instance has taken
    /// over is measured undisturbed.
    private boolean isTakeoverWatched() {
        watchesTakeover &= recoveries.isAwaited() && System.nanoTime() - struckNanos < PATIENCE_NANOS;
        return watchesTakeover;
    }

    private void draw() {
        int present = (int) instances.stream().filter(Instance::takesPart).count();
        var kind = disturbances.next(present, instances.size());
        next = new Strike(kind, disturbances.nextAim(), random.nextInt(Integer.MAX_VALUE), System.nanoTime());
        due = false;
    }

    /// Returns the instance whose state decides the moment, and which is disturbed unless the disturbance is a join:
    /// the youngest if the moment is in a start, else a random one. Null if none runs, or if a join has no free place.
    private @Nullable Instance target(Strike strike) {
        var running = instances.stream().filter(Instance::isRunning)
                .sorted(Comparator.comparing((Instance instance) -> -instance.running().startedNanos())).toList();
        if (running.isEmpty()
                || strike.kind() == Disturbance.JOIN && instances.stream().noneMatch(Instance::isAbsent)) {
            return null;
        }
        boolean atStart = strike.aim() == Aim.AFTER_START || strike.aim() == Aim.AFTER_READY;
        return atStart ? running.getFirst() : running.get(strike.pick() % running.size());
    }

    private boolean isDue(Strike strike, Instance target) {
        long now = System.nanoTime();
        var process = target.running();
        if (process.isReady()) {
            startMs = (int) process.millisToReady();
        }
        if (!due && strike.aim().isReached(process, sightings)) {
            due = true;
            dueNanos = now + random.nextInt(strike.aim().maxDelayMs(startMs) + 1) * 1_000_000L;
        }
        return due ? now - dueNanos >= 0 : now - strike.drawnNanos() > PATIENCE_NANOS;
    }

    private void strike(Disturbance kind, Instance target) {
        Objects.requireNonNull(counts.get(kind)).merge(target.running().phase(sightings), 1, Integer::sum);
        long nanos = System.nanoTime();
        switch (kind) {
            case KILL, LOSS -> target.kill();
            case RESTART -> target.end(true);
            case LEAVE -> target.end(false);
            case JOIN -> instances.stream().filter(Instance::isAbsent).findFirst().orElseThrow().start();
            case WEATHER -> weather.begin(target);
            case PAUSE -> target.pause((sessionMs + PAST_SESSION_MS + random.nextInt(PAUSE_VARIES_MS)) * 1_000_000L);
        }
        recoveries.begin(kind, nanos, System.currentTimeMillis());
        if (kind == Disturbance.KILL) {
            target.start();
        }
        watchesTakeover = kind == Disturbance.LOSS && random.nextBoolean();
        struckNanos = nanos;
        next = null;
        done++;
    }

    int done() {
        return done;
    }

    int total() {
        return disturbances.total();
    }

    boolean isDone() {
        return done == disturbances.total();
    }

    /// Tells whether all services are undisturbed and every instance that should run serves its partitions.
    boolean isAtRest() {
        return weather.isFair() && instances.stream().allMatch(Instance::isAtRest);
    }

    /// Returns the number of disturbances by kind and by the phase of the instance, including kinds that never came.
    Map<Disturbance, Map<Phase, Integer>> counts() {
        return counts;
    }

    @Override
    public void close() {
        instances.forEach(Instance::close);
    }
}
