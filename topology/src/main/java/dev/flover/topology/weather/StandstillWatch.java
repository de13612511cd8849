package dev.flover.topology.weather;

import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.metrics.PipelineMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.NetworkException;
import org.jspecify.annotations.Nullable;

/// Asks the cluster at intervals, on a thread of its own, how far this process's partitions of the requests topic are
/// read. It reports two causes of a standstill that an idle pipeline would not notice: no broker answers, or an open
/// transaction of another application holds up a partition.
///
/// ```
///   requests-0  | r r r r | o r r r |      r read, o open
///                         ^ last stable offset  ^ end of the log: the lag counts from here
/// ```
public final class StandstillWatch implements AutoCloseable {
    private static final int LOOKS_PER_SILENCE = 6;

    private final PipelineConfig config;
    private final Map<String, Object> adminProperties;
    private final Supplier<Set<TopicPartition>> own;
    private final Standstill standstill;
    private final PipelineMetrics metrics;
    private final Duration silence;
    private final Duration look;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().daemon().name("flover-watch").unstarted(this::run);
    private final Map<TopicPartition, Stuck> stuck = new HashMap<>();
    private @Nullable Admin admin;
    private long answeredNanos = System.nanoTime();

    /// A partition whose last stable offset is before its end.
    ///
    /// @param stable     the last stable offset, which consumers of committed records cannot read past
    /// @param read       the offset up to which the group has read
    /// @param sinceNanos since when neither offset has changed, by `System.nanoTime`
    private record Stuck(long stable, long read, long sinceNanos) {}

    private record Offsets(Map<TopicPartition, ListOffsetsResultInfo> ends,
            Map<TopicPartition, ListOffsetsResultInfo> stable, Map<TopicPartition, OffsetAndMetadata> read) {
        long end(TopicPartition partition) {
            return Objects.requireNonNull(ends.get(partition)).offset();
        }

        long stable(TopicPartition partition) {
            return Objects.requireNonNull(stable.get(partition)).offset();
        }

        /// The group's committed offset; 0 where it has none.
        long read(TopicPartition partition) {
            var offset = read.get(partition);
            return offset == null ? 0 : offset.offset();
        }
    }

    private StandstillWatch(PipelineConfig config, Map<String, Object> adminProperties,
            Supplier<Set<TopicPartition>> own, Standstill standstill, PipelineMetrics metrics) {
        this.config = config;
        this.adminProperties = adminProperties;
        this.own = own;
        this.standstill = standstill;
        this.metrics = metrics;
        silence = config.recovery().patience().silence();
        look = silence.dividedBy(LOOKS_PER_SILENCE);
    }

    /// Starts the watch's thread.
    ///
    /// @param own the partitions of the requests topic that this process reads now; called by the watch's thread
    public static StandstillWatch start(PipelineConfig config, Map<String, Object> adminProperties,
            Supplier<Set<TopicPartition>> own, Standstill standstill, PipelineMetrics metrics) {
        var watch = new StandstillWatch(config, adminProperties, own, standstill, metrics);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            while (!closing.await(look.toMillis(), TimeUnit.MILLISECONDS)) {
                look();
            }
        } catch (InterruptedException e) {
            return;     // close() interrupts the thread
        } finally {
            if (admin != null) {
                admin.close(Duration.ZERO);
            }
        }
    }

    private void look() throws InterruptedException {
        try {
            if (admin == null) {
                admin = Admin.create(adminProperties);
            }
            var partitions = own.get();
            if (partitions.isEmpty()) {
                answer(admin.describeCluster().clusterId());
            } else {
                judge(partitions, offsets(partitions));
            }
            answered();
        } catch (KafkaException e) {
            if (isSilence(e)) {
                unanswered();
            } else {
                answered();     // a broker answered with an error, which other code reports
            }
        }
    }

    /// Whether an exception means that no broker answered. It also does where the client could not be created, because
    /// no broker's name could be resolved.
    private boolean isSilence(KafkaException e) {
        return admin == null || e instanceof org.apache.kafka.common.errors.TimeoutException
                || e instanceof DisconnectException || e instanceof NetworkException;
    }

    private void answered() {
        answeredNanos = System.nanoTime();
        standstill.silentFor(0);
        standstill.aBrokerAnswers();
    }

    private void unanswered() {
        long nanos = System.nanoTime() - answeredNanos;
        standstill.silentFor(nanos / 1e9);
        if (nanos >= silence.toNanos()) {
            standstill.noBrokerAnswers("no broker at " + config.kafka().get("bootstrap.servers") + " has answered for "
                    + nanos / 1_000_000_000 + " s; live generations continue when one does: check that the brokers run "
                    + "and can be reached from here");
        }
    }

    /// Waits for an answer until the client's own timeout, and meanwhile reports that the brokers are silent.
    private <T> T answer(KafkaFuture<T> future) throws InterruptedException {
        while (true) {
            try {
                return future.get(look.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                unanswered();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof KafkaException problem ? problem : new KafkaException(e.getCause());
            }
        }
    }

    private Offsets offsets(Set<TopicPartition> partitions) throws InterruptedException {
        var latest = new HashMap<TopicPartition, OffsetSpec>();
        partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
        var stable = admin().listOffsets(latest, new ListOffsetsOptions(IsolationLevel.READ_COMMITTED)).all();
        var ends = admin().listOffsets(latest).all();
        var read = admin().listConsumerGroupOffsets(config.applicationId()).partitionsToOffsetAndMetadata();
        return new Offsets(answer(ends), answer(stable), answer(read));
    }

    private void judge(Set<TopicPartition> partitions, Offsets offsets) throws InterruptedException {
        var lags = new HashMap<TopicPartition, Long>();
        for (var partition : partitions) {
            long end = offsets.end(partition);
            long read = offsets.read(partition);
            lags.put(partition, Math.max(0, end - read));
            long stable = offsets.stable(partition);
            if (stable < end) {
                var before = stuck.get(partition);
                if (before == null || before.stable() != stable || before.read() != read) {
                    goesOn(partition);
                    stuck.put(partition, new Stuck(stable, read, System.nanoTime()));
                } else if (System.nanoTime() - before.sinceNanos() >= silence.toNanos()) {
                    standstill.say(subject(partition), sentence(partition, stable, end), true);
                }
            } else {
                goesOn(partition);
            }
        }
        metrics.lags(lags);
        for (var partition : new HashSet<>(stuck.keySet())) {
            if (!partitions.contains(partition)) {
                goesOn(partition);
            }
        }
    }

    private void goesOn(TopicPartition partition) {
        stuck.remove(partition);
        standstill.over(subject(partition));
    }

    private Admin admin() {
        return Objects.requireNonNull(admin, "no client was made yet");
    }

    private static String subject(TopicPartition partition) {
        return "transactions on " + partition;
    }

    private String sentence(TopicPartition partition, long stable, long end) throws InterruptedException {
        return partition + " is stalled: at its offset " + stable + " " + author(partition, stable) + ", and "
                + (end - stable) + " records from there on are not read until it is committed or aborted. If its "
                + "application is gone: kafka-transactions.sh --bootstrap-server "
                + config.kafka().get("bootstrap.servers") + " abort --topic " + partition.topic() + " --partition "
                + partition.partition() + " --start-offset " + stable;
    }

    private String author(TopicPartition partition, long stable) throws InterruptedException {
        try {
            var states = answer(admin().describeProducers(Set.of(partition)).all());
            return oldest(Objects.requireNonNull(states.get(partition)).activeProducers(), stable)
                    .map(producer -> "the producer " + producer.producerId() + " has had a transaction open since "
                            + Instant.ofEpochMilli(producer.lastTimestamp()))
                    .orElse("a transaction is open");
        } catch (KafkaException e) {
            return "a transaction is open (its producer cannot be read from the cluster: " + e.getMessage() + ")";
        }
    }

    private static Optional<ProducerState> oldest(Collection<ProducerState> producers, long stable) {
        return producers.stream().filter(producer -> producer.currentTransactionStartOffset().isPresent()
                        && producer.currentTransactionStartOffset().getAsLong() >= stable)
                .min(Comparator.comparingLong(producer -> producer.currentTransactionStartOffset().getAsLong()));
    }

    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stuck.keySet().forEach(partition -> standstill.forget(subject(partition)));
        standstill.isNotWatched();
        metrics.lags(Map.of());
    }
}
