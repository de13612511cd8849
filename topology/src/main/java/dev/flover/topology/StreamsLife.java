package dev.flover.topology;

import static org.apache.kafka.streams.CloseOptions.GroupMembershipOperation.LEAVE_GROUP;

import dev.flover.topology.generation.IdSightings;
import dev.flover.topology.generation.PipelineTopology;
import dev.flover.topology.generation.ProcessParts;
import dev.flover.topology.generation.ProcessPartsBuilder;
import dev.flover.topology.generation.SharedEngine;
import dev.flover.topology.models.ModelView;
import dev.flover.topology.models.ModelWatch;
import dev.flover.topology.results.FlatRows;
import dev.flover.topology.state.Caution;
import dev.flover.topology.streams.OpenTransactions;
import dev.flover.topology.streams.PipelineClients;
import dev.flover.topology.streams.StreamsProperties;
import dev.flover.topology.streams.ThreadSignals;
import dev.flover.topology.waiting.SuspectTurn;
import dev.flover.topology.waiting.WaitingRoom;
import dev.flover.topology.weather.ClusterWatch;
import dev.flover.topology.weather.GroupMembers;
import dev.flover.topology.weather.StandstillWatch;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One life of Kafka Streams: from its start until it has stopped by itself, the process closes, or a change in the
/// cluster needs another life.
///
/// ```
///   models topic is read ─► Kafka Streams runs, is watched ─► closed within a bound ─► Outcome
/// ```
final class StreamsLife {
    private static final Logger LOG = LoggerFactory.getLogger(StreamsLife.class);
    private static final Duration LONG_RESTORE = Duration.ofSeconds(20);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);
    private static final Duration SUMMARY = Duration.ofMinutes(1);
    private static final Duration LOOK = Duration.ofMillis(50);
    private static final long SETTLED_WITHIN_MS = 500;
    private static final long LEAST_STEP_MS = 1_000;

    private final ProcessWide process;
    private final HealthBoard board;
    private final Caution caution;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile @Nullable Throwable failure;

    /// The way in which a life has ended.
    sealed interface Outcome {
        /// The life ended because the process closes.
        record Closed() implements Outcome {}

        /// Another life is to begin at once, because partitions were added or the wall clock was set back.
        record Renewed() implements Outcome {}

        /// The life ended by a failure.
        ///
        /// @param cause null where Kafka Streams stopped without one
        record Failed(@Nullable Throwable cause) implements Outcome {}

        /// A thread of Kafka Streams has not ended and may still use the engine, so that no other life may use it.
        record Hangs(String sentence) implements Outcome {}
    }

    /// @param caution whether attempts are committed before their generations are computed
    StreamsLife(ProcessWide process, HealthBoard board, Caution caution) {
        this.process = process;
        this.board = board;
        this.caution = caution;
    }

    /// Runs this life to its end.
    ///
    /// @param topicId id of the requests topic
    Outcome live(String topicId) {
        process.metrics.lifeBegins();
        var config = process.config;
        var models = new ModelView(config.applicationId(), topicId, System::nanoTime);
        try (var watch = ModelWatch.start(
                config.kafka(), config.topics().models(), config.topics().requests(), models)) {
            return watch.awaitView(process.closing) ? live(models) : new Outcome.Closed();
        }
    }

    private Outcome live(ModelView models) {
        var config = process.config;
        int count = process.engines.size();
        var signals = Stream.generate(() -> ThreadSignals.of(config, System::nanoTime)).limit(count).toList();
        var threads = parts(models, signals);
        board.watch(threads.stream().map(ProcessParts::engine).toList());
        var topology = PipelineTopology.build(threads, process.registry.chunks(), process.registry.results());
        var clients = new PipelineClients(config.applicationId() + "-" + process.folder.instance(),
                process.transactionTime, signals, process.looks, config);
        Outcome outcome;
        try {
            outcome = run(new KafkaStreams(
                    topology, StreamsProperties.of(config, process.folder.instance(), count), clients, process.time));
        } catch (KafkaException e) {
            if (!Failures.isUnresolved(e)) {
                throw e;
            }
            outcome = process.isClosing() ? new Outcome.Closed() : new Outcome.Failed(e);
        } finally {
            signals.forEach(ThreadSignals::close);
        }
        if (!(outcome instanceof Outcome.Hangs)) {
            threads.forEach(parts -> parts.engine().releaseAll());
        }
        return outcome;
    }

    /// The objects of each stream thread.
    private List<ProcessParts> parts(ModelView models, List<ThreadSignals> signals) {
        var turn = new SuspectTurn(signals.size());
        var sightings = new IdSightings(process.metrics);
        return IntStream.range(0, signals.size())
                .mapToObj(thread -> parts(thread, models, signals.get(thread), turn.of(thread), sightings)).toList();
    }

    private ProcessParts parts(int thread, ModelView models, ThreadSignals signals, SuspectTurn.OfEngine turn,
            IdSightings sightings) {
        var p = process;
        var results = p.registry.results();
        var shared = new SharedEngine(p.engines.get(thread), p.slots, signals.steps(), signals.commits()::firstToken,
                System::nanoTime, turn);
        return ProcessPartsBuilder.builder().number(thread).config(p.config).model(p.model).engine(shared)
                .room(new WaitingRoom(p.config.waiting().share(p.engines.size()), p.config.sharing(), turn))
                .check(p.check).constraints(p.constraints).mentions(p.mentions).foreign(p.foreign)
                .replyTopics(p.replyTopics).commits(signals.commits()).early(signals.early()).holds(signals.holds())
                .caution(caution).life(p.life).wall(p.time::wallMs).contract(p.contract).left(p.left)
                .decoding(p.registry.decoding()).models(models).sightings(sightings)
                .homes(p.preparation.homes()).gaps(p.gaps).results(p.results)
                .resultBytes(p.preparation.resultBytes()).asWritten(p.registry::asWritten)
                .asResult(result -> results.serialize(p.config.topics().results(), result))
                .rows(new FlatRows(p.config, p.registry.flatResults(), p.preparation.resultBytes()))
                .standstill(p.standstill).cancels(p.cancels).list(p.list).notes(p.notes).metrics(p.metrics).build();
    }

    private Outcome run(KafkaStreams streams) {
        boolean renewed = false;
        boolean ended;
        try (var streamsMetrics = new KafkaStreamsMetrics(streams);
                var cluster = new ClusterWatch(process.preparation.adminProperties(), process.config,
                        process.preparation.homes().counts().now(), process.gaps, process.standstill,
                        process.metrics)) {
            streams.setStateListener((now, before) -> report(now));
            streams.setUncaughtExceptionHandler(e -> {
                noteFailure(e);
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            process.restore.clear();
            streams.setGlobalStateRestoreListener(process.restore);
            streamsMetrics.bindTo(process.meters);
            streams.start();
            try (var _ = StandstillWatch.start(process.config, process.preparation.adminProperties(),
                    () -> requestsRead(streams), process.standstill, process.metrics)) {
                renewed = watch(cluster);
            }
            if (process.isClosing() && board.state() == Health.State.READY) {
                process.life.ends();
                process.life.awaitSettled(SETTLED_WITHIN_MS);
            }
        } finally {
            ended = close(streams);
        }
        if (!ended) {
            return new Outcome.Hangs("a thread of Kafka Streams has not ended within " + CLOSE_WITHIN.toSeconds()
                    + " s; committed work is stored and continues at the next start of the process");
        }
        if (process.isClosing()) {
            return new Outcome.Closed();
        }
        return renewed && failure == null ? new Outcome.Renewed() : new Outcome.Failed(failure);
    }

    /// Keeps the first failure of the stream threads. One of an engine comes before all others, because it ends the
    /// process: another thread may fail while Kafka Streams is shut down for it.
    private synchronized void noteFailure(Throwable cause) {
        var before = failure;
        if (before == null || Pipeline.engineFailure(before).isEmpty() && Pipeline.engineFailure(cause).isPresent()) {
            failure = cause;
        }
    }

    /// Closes Kafka Streams within a bounded time. Its `close()` without a limit would wait for ever for a thread that
    /// waits for an absent broker.
    ///
    /// @return whether all its threads have ended
    private boolean close(KafkaStreams streams) {
        var within = process.isClosing() ? CLOSE_WITHIN : CLOSE_WITHIN.plusMillis(process.transactionTime.ms());
        return streams.close(CloseOptions.groupMembershipOperation(LEAVE_GROUP).withTimeout(within));
    }

    private Set<TopicPartition> requestsRead(KafkaStreams streams) {
        return streams.metadataForLocalThreads().stream().flatMap(thread -> thread.activeTasks().stream())
                .flatMap(task -> task.topicPartitions().stream())
                .filter(partition -> partition.topic().equals(process.config.topics().requests()))
                .collect(Collectors.toSet());
    }

    private void report(KafkaStreams.State state) {
        switch (state) {
            case RUNNING -> board.serving();
            case REBALANCING -> board.rebalancing();
            case ERROR, NOT_RUNNING -> stopped.countDown();
            case CREATED, PENDING_SHUTDOWN, PENDING_ERROR -> { }
        }
    }

    /// Watches the cluster and the clock until the process closes, Kafka Streams has stopped, or another life has to
    /// begin.
    ///
    /// @return whether another life has to begin
    private boolean watch(ClusterWatch cluster) {
        try {
            long looked = System.nanoTime();
            long summed = looked;
            while (!process.isClosing() && !stopped.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                if (System.nanoTime() - summed > SUMMARY.toNanos()) {
                    summed = System.nanoTime();
                    process.metrics.workSince(SUMMARY.toSeconds()).ifPresent(LOG::info);
                }
                if (clockWasSet() || werePartitionsAdded(cluster)) {
                    return true;
                }
                if (board.state() != Health.State.REBALANCING) {
                    looked = System.nanoTime();
                } else if (System.nanoTime() - looked > LONG_RESTORE.toNanos()) {
                    lookForOpenTransactions();
                    looked = System.nanoTime();
                }
            }
        } catch (InterruptedException e) {
            process.closing.countDown();
        }
        return false;
    }

    private boolean werePartitionsAdded(ClusterWatch cluster) {
        cluster.look();
        boolean grown = cluster.havePartitionsGrown();
        if (grown) {
            LOG.warn("partitions were added to {}; the other topics get as many, and the pipeline continues",
                    process.config.topics().requests());
        }
        return grown;
    }

    /// Logs a warning where the wall clock was set by more than clocks are adjusted in normal operation.
    ///
    /// @return whether Kafka's clients have to be created again: they measure by the wall clock, and after it is set
    ///     back they send no heartbeat until the old time has come again
    private boolean clockWasSet() {
        long stepMs = process.time.takeStep();
        if (Math.abs(stepMs) < LEAST_STEP_MS) {
            return false;
        }
        LOG.warn("the wall clock was set {} by {}; ticks, commits and the memory of ids go on as before, deadlines "
                + "follow the clock{}", stepMs < 0 ? "back" : "ahead", Duration.ofMillis(Math.abs(stepMs)),
                stepMs < 0 ? ", and the connections to Kafka are opened again" : "");
        return stepMs < 0;
    }

    /// Logs the reason of a long restoration, where it is an open transaction or a foreign member of the group.
    private void lookForOpenTransactions() {
        String group = process.config.applicationId();
        try (var admin = Admin.create(process.preparation.adminProperties())) {
            new GroupMembers(admin, group).sentence().ifPresent(board::rebalancingBecause);
            new OpenTransactions(admin, group).sentence(LONG_RESTORE).ifPresent(board::rebalancingBecause);
        } catch (KafkaException e) {
            LOG.warn("the partitions are not restored yet, and the cause cannot be read from the cluster: "
                    + "{}", e.getMessage());
        }
    }
}
