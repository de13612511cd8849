package dev.flover.topology.metrics;

import dev.flover.engine.api.EngineStatus;
import dev.flover.schemas.FinishReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// The pipeline's meters. Their names begin with `flover.`; those of Kafka Streams are registered beside them.
public final class PipelineMetrics {
    /// The most tenants that have a label of their own; later ones are counted together, since any producer may name
    /// new tenants.
    private static final int MOST_TENANTS = 50;
    private static final int LONGEST_TENANT = 64;
    private static final String OTHER_TENANTS = "(others)";
    /// The buckets of times between two tokens, in microseconds: narrow enough to show how long a step takes.
    private static final long[] SHORT_BUCKETS = {250, 500, 750, 1000, 1500, 2000, 3000, 4000, 5000, 6000, 8000, 10_000,
            12_500, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 75_000, 100_000, 150_000, 250_000, 500_000,
            1_000_000, 2_500_000, 5_000_000, 10_000_000};
    /// The buckets of times until the first token, in microseconds.
    private static final long[] LONG_BUCKETS = {1000, 2000, 3000, 5000, 7500, 10_000, 15_000, 20_000, 30_000, 40_000,
            50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 500_000, 750_000, 1_000_000, 1_500_000, 2_000_000,
            3_000_000, 5_000_000, 7_500_000, 10_000_000, 15_000_000, 30_000_000, 60_000_000, 120_000_000, 300_000_000};

    /// The buckets of the rows of a step: powers of two.
    private static final double[] ROW_BUCKETS =
            IntStream.rangeClosed(0, 13).mapToDouble(power -> 1 << power).toArray();

    private final MeterRegistry meters;
    /// The present load of each engine, by its number.
    private final Map<Integer, Load> loads = new ConcurrentHashMap<>();
    private final Timer firstToken;
    private final Timer betweenTokens;
    private final Timer waited;
    private final Timer tick;
    private final DistributionSummary stepRows;
    private final MultiGauge lags;
    private final Counter tokens;
    private final Counter chunks;
    private final Counter accepted;
    private final Counter duplicates;
    private final Counter others;
    private final Counter twoPartitions;
    private final Counter passedOn;
    private final Counter deletedUnread;
    private final Counter repeats;
    private final Counter conflicts;
    private final Counter cachedAnswers;
    private final Counter deadLetters;
    private final Counter parked;
    private final Counter yielded;
    private final Counter resumed;
    private final Counter lives;
    private final Map<String, Map<FinishReason, Counter>> endedOfTenants = new HashMap<>();
    private final Map<TickPart, LongAdder> parts = new EnumMap<>(TickPart.class);
    private final Backlog backlog = new Backlog();
    private volatile long lag;
    private final AtomicLong ended = new AtomicLong();
    private long saidTokens;
    private long saidEnded;

    /// The load of one engine at one moment, as its stream thread sees it.
    ///
    /// @param engine  the engine's counters
    /// @param live    number of sequences given to the engine
    /// @param waiting number of requests in the waiting room
    /// @param bytes   size of their stored forms
    /// @param leak    a sentence about what an idle engine still held; null where all was free each time
    public record Load(EngineStatus engine, int live, int waiting, long bytes, @Nullable String leak) {}

    /// Values that are asked for when the gauges are read. The methods are called on any thread.
    public interface Readings {
        /// The number of stored generations that this release cannot read.
        int generationsLeft();

        /// The transaction timeout in ms.
        long transactionTimeMs();

        /// The number of changelog records that are still to be read before the partitions are served.
        long recordsToRestore();

        /// The time in seconds for which no broker has answered; 0 while one does.
        double silentSeconds();

        long stalledPartitions();
    }

    public PipelineMetrics(MeterRegistry meters, Readings readings) {
        this.meters = meters;
        firstToken = timer("flover.first.token", "From reading a request to sending its first token", LONG_BUCKETS);
        betweenTokens = timer("flover.between.tokens", "Between two tokens of an answer as they are sent",
                SHORT_BUCKETS);
        waited = timer("flover.waited", "From reading a request to giving it to the engine", LONG_BUCKETS);
        tick = Timer.builder("flover.tick.duration").description("One partition's tick").register(meters);
        stepRows = DistributionSummary.builder("flover.step.rows").description("Rows of a fused step")
                .serviceLevelObjectives(ROW_BUCKETS).register(meters);
        tokens = counter("flover.tokens", "Tokens sent");
        chunks = counter("flover.chunks", "Token chunks sent");
        accepted = counter("flover.requests.accepted", "Requests accepted");
        duplicates = counter("flover.requests.duplicate", "Requests absorbed because the same request is being "
                + "answered");
        repeats = counter("flover.requests.repeated", "Ended requests that were sent again and got their answer again");
        conflicts = counter("flover.requests.conflicting", "Different requests under a used id");
        cachedAnswers = counter("flover.answers.cached", "Requests that got the stored answer to an equal one");
        others = counter("flover.requests.others", "Requests skipped because another group answers them");
        deletedUnread = counter("flover.requests.deleted.unread",
                "Records that retention deleted before they were read");
        passedOn = counter("flover.requests.passed.on",
                "Records passed on to the partition that may know their id, after partitions were added");
        twoPartitions = counter("flover.requests.two.partitions", "Requests whose id was also read from another "
                + "partition");
        deadLetters = counter("flover.dead.letters", "Records sent to the dead-letter topic");
        parked = counter("flover.requests.parked", "Records that wait until their schema or their group is known");
        yielded = counter("flover.batch.yielded", "Batch requests that gave up their slots to other requests");
        resumed = counter("flover.generations.resumed", "Generations resumed from the state");
        lives = counter("flover.lives", "Starts of Kafka Streams in this process");
        endedOf("");
        lags = MultiGauge.builder("flover.lag").description("Records of the requests topic that are not read yet, up "
                + "to its end")
                .register(meters);
        registerTick();
        registerEngine();
        registerReadings(readings);
        registerLoad();
    }

    private void registerTick() {
        for (var part : TickPart.values()) {
            var nanos = new LongAdder();
            parts.put(part, nanos);
            FunctionCounter.builder("flover.tick.seconds", nanos, spent -> spent.sum() / 1e9).tag("part", part.tag())
                    .description("Time of the stream threads by part of their work").register(meters);
        }
    }

    private void registerEngine() {
        engineCounter("flover.steps", "Fused steps ended", EngineStatus::steps);
        engineCounter("flover.rows", "Rows computed; divided by steps, the rows per step", EngineStatus::rows);
        engineCounter("flover.rows.discarded", "Rows computed for sequences that had already ended",
                EngineStatus::discardedRows);
        engineCounter("flover.preemptions", "Sequences that were preempted and gave up their KV blocks",
                EngineStatus::preemptions);
        engineCounter("flover.slot.moves", "Slots moved by compaction", EngineStatus::slotMoves);
        engineCounter("flover.prefix.hits", "Prompt positions found in the prefix cache", EngineStatus::prefixHits);
        promptCounter("computed", EngineStatus::prefilled);
        promptCounter("cached", EngineStatus::prefixHits);
        promptCounter("recomputed", EngineStatus::recomputed);
        engineGauge("flover.blocks.used", "KV blocks in use", EngineStatus::blocksUsed);
        engineGauge("flover.blocks", "KV blocks in all", EngineStatus::blocks);
        engineGauge("flover.running", "Sequences with a slot", EngineStatus::running);
    }

    private void registerReadings(Readings readings) {
        gauge("flover.engine.leaks", "1 if an idle engine still held resources; /health names them",
                metrics -> Math.min(1, metrics.of(load -> load.leak() == null ? 0 : 1)));
        gauge("flover.generations.left", "Stored generations with fields that this release does not know",
                metrics -> readings.generationsLeft());
        gauge("flover.transaction.timeout.seconds", "Allowed duration of a transaction, which follows the duration of "
                + "commits",
                metrics -> readings.transactionTimeMs() / 1000.0);
        gauge("flover.broker.silent.seconds", "Seconds for which no broker has answered; 0 while one does",
                metrics -> readings.silentSeconds());
        gauge("flover.restore.records", "Changelog records to be read before the restored partitions are served",
                metrics -> readings.recordsToRestore());
        gauge("flover.partitions.stalled", "Partitions of the requests topic without progress; /ready gives the cause",
                metrics -> readings.stalledPartitions());
    }

    private void registerLoad() {
        gauge("flover.backlog.tokens", "Estimate of the tokens that unanswered requests need",
                metrics -> metrics.backlog.tokens());
        gauge("flover.backlog.seconds", "Estimate of the time that unanswered requests need at the present rate",
                metrics -> metrics.backlog.seconds());
        gauge("flover.live", "Sequences given to the engine",
                metrics -> metrics.of(Load::live));
        gauge("flover.waiting", "Requests in the waiting room",
                metrics -> metrics.of(Load::waiting));
        gauge("flover.waiting.bytes", "Stored bytes of the requests in the waiting room",
                metrics -> metrics.of(Load::bytes));
    }

    /// Sets the present load of an engine. Called by its stream thread; the gauges read the sums on any thread.
    ///
    /// @param engine the engine's number, from 0 on
    public void load(int engine, Load now) {
        var before = loads.put(engine, now);
        countRows(before == null ? null : before.engine(), now.engine());
        backlog.look(System.nanoTime(), (long) tokens.count(), ended.get(), lag + (long) of(Load::waiting),
                (int) of(Load::live));
    }

    /// Counts the rows of the steps since the last load. Where several steps ended meanwhile, their mean counts.
    private void countRows(@Nullable EngineStatus before, EngineStatus now) {
        long steps = now.steps() - (before == null ? 0 : before.steps());
        if (steps > 0) {
            double rows = (double) (now.rows() - (before == null ? 0 : before.rows())) / steps;
            for (long i = 0; i < steps; i++) {
                stepRows.record(rows);
            }
        }
    }

    /// Sets the lag of each partition of the requests topic that this process reads, in records.
    public void lags(Map<TopicPartition, Long> ofPartitions) {
        lag = ofPartitions.values().stream().mapToLong(Long::longValue).sum();
        lags.register(ofPartitions.entrySet().stream().map(lag -> MultiGauge.Row.of(
                Tags.of("partition", Integer.toString(lag.getKey().partition())), lag.getValue())).toList(), true);
    }

    /// The work since the last call, in words; empty where there was none. Called by one thread.
    public Optional<String> workSince(long seconds) {
        long sent = (long) tokens.count();
        long over = ended.get();
        if (loads.isEmpty() || sent == saidTokens && over == saidEnded) {
            return Optional.empty();
        }
        String words = String.format(Locale.ROOT, "%,d tokens (%,d a second) and %,d ended requests in %d s; %d live, "
                + "%d waiting, %,d unread, %d of %d KV blocks in use", sent - saidTokens,
                (sent - saidTokens) / Math.max(1, seconds), over - saidEnded, seconds, (long) of(Load::live),
                (long) of(Load::waiting), lag, (long) ofEngine(EngineStatus::blocksUsed),
                (long) ofEngine(EngineStatus::blocks));
        saidTokens = sent;
        saidEnded = over;
        return Optional.of(words);
    }

    public void sent(int newTokens) {
        chunks.increment();
        tokens.increment(newTokens);
    }

    public void firstTokenAfter(long ms) {
        firstToken.record(Math.max(0, ms), TimeUnit.MILLISECONDS);
    }

    public void tokensAfter(int count, long ms) {
        betweenTokens.record(Math.max(0, ms) * 1000 / count, TimeUnit.MICROSECONDS);
    }

    public void ticked(long nanos) {
        tick.record(nanos, TimeUnit.NANOSECONDS);
    }

    /// Notes that a stream thread has spent time on a part of its work.
    public void spent(TickPart part, long nanos) {
        Objects.requireNonNull(parts.get(part)).add(nanos);
    }

    public void startedAfter(long ms) {
        waited.record(Math.max(0, ms), TimeUnit.MILLISECONDS);
    }

    public void accepted() {
        accepted.increment();
    }

    public void duplicate() {
        duplicates.increment();
    }

    /// Counts a batch request that gave up its slots.
    public void batchYielded() {
        yielded.increment();
    }

    public void othersRequest() {
        others.increment();
    }

    public void inTwoPartitions() {
        twoPartitions.increment();
    }

    public void passedOn() {
        passedOn.increment();
    }

    public void deletedUnread(long records) {
        deletedUnread.increment(records);
    }

    public void repeated() {
        repeats.increment();
    }

    public void conflict() {
        conflicts.increment();
    }

    public void cached() {
        cachedAnswers.increment();
    }

    public void deadLetter() {
        deadLetters.increment();
    }

    public void parked() {
        parked.increment();
    }

    public void lifeBegins() {
        lives.increment();
    }

    public void resumed() {
        resumed.increment();
    }

    /// Notes that a request got its terminal record. Called by the stream threads.
    ///
    /// @param tenant the request's tenant; empty where it names none
    public synchronized void ended(FinishReason reason, String tenant) {
        ended.incrementAndGet();
        boolean known = endedOfTenants.containsKey(tenant)
                || endedOfTenants.size() < MOST_TENANTS && tenant.length() <= LONGEST_TENANT;
        Objects.requireNonNull(endedOf(known ? tenant : OTHER_TENANTS).get(reason)).increment();
    }

    private Map<FinishReason, Counter> endedOf(String tenant) {
        return endedOfTenants.computeIfAbsent(tenant, name -> {
            var counters = new EnumMap<FinishReason, Counter>(FinishReason.class);
            for (var reason : FinishReason.values()) {
                counters.put(reason, Counter.builder("flover.requests.ended")
                        .description("Requests that got their terminal record")
                        .tag("reason", reason.name().toLowerCase(Locale.ROOT)).tag("tenant", name)
                        .register(meters));
            }
            return counters;
        });
    }

    private Timer timer(String name, String description, long[] bucketMicros) {
        var buckets = LongStream.of(bucketMicros).mapToObj(micros -> Duration.of(micros, ChronoUnit.MICROS))
                .toArray(Duration[]::new);
        return Timer.builder(name).description(description).serviceLevelObjectives(buckets).register(meters);
    }

    private void promptCounter(String source, ToDoubleFunction<EngineStatus> value) {
        FunctionCounter.builder("flover.prompt.tokens", this, metrics -> metrics.ofEngine(value)).tag("source", source)
                .description("Positions of prompts by their source").register(meters);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(meters);
    }

    private void engineCounter(String name, String description, ToDoubleFunction<EngineStatus> value) {
        FunctionCounter.builder(name, this, metrics -> metrics.ofEngine(value)).description(description)
                .register(meters);
    }

    private void engineGauge(String name, String description, ToDoubleFunction<EngineStatus> value) {
        Gauge.builder(name, this, metrics -> metrics.ofEngine(value)).description(description).register(meters);
    }

    private void gauge(String name, String description, ToDoubleFunction<PipelineMetrics> value) {
        Gauge.builder(name, this, value).description(description).register(meters);
    }

    private double ofEngine(ToDoubleFunction<EngineStatus> value) {
        return of(now -> value.applyAsDouble(now.engine()));
    }

    /// The sum over the engines of the process.
    private double of(ToDoubleFunction<Load> value) {
        return loads.values().stream().mapToDouble(value).sum();
    }
}
