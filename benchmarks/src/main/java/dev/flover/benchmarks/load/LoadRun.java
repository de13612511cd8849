package dev.flover.benchmarks.load;

import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.setup.Topics;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// Runs one pipeline through all phases.
final class LoadRun implements AutoCloseable {
    private static final String TICKS = "flover_tick_duration_seconds_count";
    private static final String TICKING = "flover_tick_duration_seconds_sum";
    private static final TopicNames TOPICS = TopicNames.standard();
    private static final String GROUP = "flover";
    private static final int PARTITIONS = 4;
    private static final long SEED = 20_261_122;
    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long LOOK_NANOS = 20_000_000;
    private static final int CALIBRATION_SECONDS = 120;

    private final LoadPlan plan;
    private final PrintStream out;
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;
    private final Admin admin;
    private final ObservedPipeline pipeline;
    private final AnswerReader answers;
    private final LoadGenerator generator;
    private final List<Sample> samples = new ArrayList<>();
    private @Nullable Metrics lastMetrics;
    private long lastServed;
    private long lastNanos;

    /// @param folder holds all files of the run; the caller deletes it
    LoadRun(LoadPlan plan, Path model, Path folder, PrintStream out) throws IOException {
        this.plan = plan;
        this.out = out;
        broker = EmbeddedBroker.start(folder.resolve("broker"));
        registry = EmbeddedRegistry.start(folder.resolve("registry"));
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
        new Topics(admin, TOPICS).create(PARTITIONS, (short) 1, Duration.ofHours(1));
        pipeline = ObservedPipeline.start(
                broker.bootstrapServers(), registry.url(), model, folder.resolve("data"), plan.heapMb());
        answers = new AnswerReader(broker.bootstrapServers(), registry.url(), TOPICS);
        generator = new LoadGenerator(broker.bootstrapServers(), TOPICS.requests());
    }

    LoadReport run() {
        double sustainable = sustainableRate();
        out.printf("sustainable: %.0f requests/s%n%n%s%n", sustainable, Sample.HEADER);
        begin();
        var calm = phase(-plan.calmSeconds(), sustainable / 2, plan.calmSeconds(), mix(0, 0));
        answers.takeWaitsByPriority();
        answers.takeTokensByTenant();
        var flood = phase(0, sustainable * plan.factor(), plan.floodSeconds(),
                mix(plan.deadlineShare(), plan.badShare()));
        var tenants = answers.takeTokensByTenant();
        long drainBegan = System.nanoTime();
        boolean drained = drain();
        double drainSeconds = (System.nanoTime() - drainBegan) / 1e9;
        return LoadReportBuilder.builder().plan(plan).sustainable(sustainable).calm(calm).flood(flood)
                .samples(List.copyOf(samples)).tenants(tenants).waits(answers.takeWaitsByPriority())
                .ended(answers.ended()).deadLetters(answers.deadLetters()).sent(generator.sent())
                .bad(generator.bad()).answered(answers.answered()).drained(drained).drainSeconds(drainSeconds)
                .build();
    }

    private RequestMix mix(double deadlineShare, double badShare) {
        return new RequestMix(SEED + generator.sent(), registry.url(), TOPICS.requests(), deadlineShare, badShare);
    }

    /// Returns the answers per second while all slots are in use. An equal number of requests is answered before as a
    /// warm-up.
    private double sustainableRate() {
        double rate = 0;
        for (int round = 0; round < 2; round++) {
            long before = answers.served();
            long first = before + plan.calibration() / 10;
            long last = before + plan.calibration() * 9L / 10;
            generator.burst(mix(0, 0), plan.calibration());
            long begin = awaitServed(first);
            long end = awaitServed(last);
            rate = (last - first) * 1e9 / (end - begin);
            awaitServed(before + plan.calibration());
        }
        return rate;
    }

    private long awaitServed(long count) {
        long limit = System.nanoTime() + CALIBRATION_SECONDS * SECOND_NANOS;
        while (answers.served() < count) {
            if (System.nanoTime() > limit) {
                throw new IllegalStateException("only " + answers.served() + " of " + count + " answers came within "
                        + CALIBRATION_SECONDS + " s");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return System.nanoTime();
    }

    private void begin() {
        lastMetrics = pipeline.metrics();
        lastServed = answers.served();
        lastNanos = System.nanoTime();
    }

    /// Sends requests for a time and takes a sample every second.
    private Phase phase(int firstSecond, double perSecond, int seconds, RequestMix mix) {
        var before = pipeline.metrics();
        long begin = System.nanoTime();
        long servedBefore = answers.served();
        long sentBefore = generator.sent();
        var sending = Thread.ofPlatform().name("load").start(() -> generator.run(mix, perSecond, seconds));
        for (int second = firstSecond; sending.isAlive(); second++) {
            sample(second);
        }
        double took = (System.nanoTime() - begin) / 1e9;
        var after = pipeline.metrics();
        double ticks = after.sum(TICKS) - before.sum(TICKS);
        double ticking = after.sum(TICKING) - before.sum(TICKING);
        return new Phase((generator.sent() - sentBefore) / took, (answers.served() - servedBefore) / took,
                ticks / took / PARTITIONS, 1000 * ticking / ticks,
                1000 * after.quantileSince(before, "flover_between_tokens_seconds", 0.5),
                1000 * after.quantileSince(before, "flover_between_tokens_seconds", 0.99));
    }

    private boolean drain() {
        int second = plan.floodSeconds();
        for (int waited = 0; waited < plan.drainSeconds() && answers.answered() < generator.sent(); waited++) {
            sample(second++);
        }
        return answers.answered() >= generator.sent();
    }

    /// Waits for the next second, takes a sample and prints it.
    private void sample(int second) {
        long next = lastNanos + SECOND_NANOS;
        for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        var metrics = pipeline.metrics();
        long served = answers.served();
        long now = System.nanoTime();
        double took = (now - lastNanos) / 1e9;
        double ticks = metrics.sum(TICKS) - Objects.requireNonNull(lastMetrics).sum(TICKS);
        var sample = new Sample(second, (long) (metrics.sum("jvm_memory_used_bytes", "area=\"heap\"") / (1 << 20)),
                pipeline.residentMb(), (long) metrics.sum("flover_waiting"), lag(), ticks / took / PARTITIONS,
                (served - lastServed) / took);
        samples.add(sample);
        out.println(sample.row());
        lastMetrics = metrics;
        lastServed = served;
        lastNanos = now;
    }

    private long lag() {
        try {
            var read = admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata().get();
            read.keySet().removeIf(partition -> !partition.topic().equals(TOPICS.requests()));
            var ends = new HashMap<TopicPartition, OffsetSpec>();
            read.keySet().forEach(partition -> ends.put(partition, OffsetSpec.latest()));
            var end = admin.listOffsets(ends).all().get();
            return read.entrySet().stream()
                    .mapToLong(entry -> Objects.requireNonNull(end.get(entry.getKey())).offset()
                            - entry.getValue().offset()).sum();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker returns no committed offsets of the pipeline", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        generator.close();
        answers.close();
        pipeline.close();
        admin.close();
        registry.close();
        broker.close();
    }
}
