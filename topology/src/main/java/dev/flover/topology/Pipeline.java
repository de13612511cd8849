package dev.flover.topology;

import static org.apache.kafka.streams.CloseOptions.GroupMembershipOperation.LEAVE_GROUP;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.model.Model;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.generation.Caution;
import dev.flover.topology.generation.IdSightings;
import dev.flover.topology.generation.LeftToOthers;
import dev.flover.topology.generation.PipelineTopology;
import dev.flover.topology.generation.ProcessLife;
import dev.flover.topology.generation.ProcessParts;
import dev.flover.topology.generation.SharedEngine;
import dev.flover.topology.generation.TokenEngine;
import dev.flover.topology.metrics.PipelineMetrics;
import dev.flover.topology.models.ModelView;
import dev.flover.topology.models.ModelWatch;
import dev.flover.topology.models.OrderRefusedException;
import dev.flover.topology.models.Orders.Registered;
import dev.flover.topology.models.UndecidedStartException;
import dev.flover.topology.parking.CancelsAhead;
import dev.flover.topology.position.UnreadGaps;
import dev.flover.topology.request.ChatPrompts;
import dev.flover.topology.request.Constraints;
import dev.flover.topology.request.FairTurns;
import dev.flover.topology.request.ForeignTopics;
import dev.flover.topology.request.Inquiries;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestMentions;
import dev.flover.topology.results.ResultReader;
import dev.flover.topology.setup.InstanceFolder;
import dev.flover.topology.setup.Preparation;
import dev.flover.topology.setup.RefusedException;
import dev.flover.topology.setup.Registry;
import dev.flover.topology.setup.TopicLooks;
import dev.flover.topology.setup.TopicProblemException;
import dev.flover.topology.streams.Commits;
import dev.flover.topology.streams.OpenTransactions;
import dev.flover.topology.streams.PartitionHolds;
import dev.flover.topology.streams.PipelineClients;
import dev.flover.topology.streams.StepSignal;
import dev.flover.topology.streams.StreamsProperties;
import dev.flover.topology.streams.TransactionTime;
import dev.flover.topology.waiting.WaitingRoom;
import dev.flover.topology.weather.ClusterWatch;
import dev.flover.topology.weather.GroupMembers;
import dev.flover.topology.weather.Standstill;
import dev.flover.topology.weather.StandstillWatch;
import dev.flover.topology.weather.SteadyTime;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running application: one engine, one stream thread, all partitions that the group gives it.
///
/// ```
///   start ─► broker, topics and registry are there ─► Kafka Streams runs ─► close
///                 ^      (waits with back-off)              |
///                 └────── begins again after a failure ─────┘
/// ```
///
/// A failure of the world (broker, registry, topics) is waited out; a failure of the engine ends it, with everything
/// stored. Owns the engine it is given.
public final class Pipeline implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);
    private static final long FIRST_RETRY_MS = 250;
    private static final long LAST_RETRY_MS = 10_000;
    private static final Duration CAUTION = Duration.ofSeconds(60);
    private static final Duration LONG_RESTORE = Duration.ofSeconds(20);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);
    private static final int COMPILERS = 2;
    private static final Duration TOPIC_MISSING = Duration.ofSeconds(2);
    private static final long SETTLED_WITHIN_MS = 500;
    private static final long LEAST_STEP_MS = 1_000;
    private static final String UNRESOLVED = "No resolvable bootstrap urls";
    private static final String GRANTS = "; docs/operate/security.md lists what a pipeline has to be granted";

    private final PipelineConfig config;
    private final RequestContract contract;
    private final LeftToOthers left = new LeftToOthers();
    private final Standstill standstill = new Standstill();
    private final TransactionTime transactionTime =
            new TransactionTime(System::nanoTime, standstill::wasSilentWithin);
    private final CancelsAhead cancels;
    private final Model model;
    private final TokenEngine engine;
    private final int slots;
    private final MeterRegistry meters;
    private final PipelineMetrics metrics;
    private final RequestCheck check;
    private final FairTurns compilers = new FairTurns(COMPILERS, "flover-constraints-");
    private final Constraints constraints;
    private final ForeignTopics foreign;
    private final RequestMentions mentions;
    private final TopicLooks looks;
    private final InstanceFolder folder;
    private final ProcessLife process;
    private final Registry registry;
    private final Preparation preparation;
    private final SteadyTime time;
    private final ResultReader results;
    private final Thread supervisor = new Thread(this::run, "flover-pipeline");
    private final CountDownLatch ready = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Health health = new Health(Health.State.STARTING, "starting");
    private volatile Throwable failure;
    private volatile Registered registered;
    private volatile UndecidedStartException undecided;
    private final UnreadGaps gaps = new UnreadGaps();
    private boolean engineFailed;
    private boolean renewed;

    private final class Readings implements PipelineMetrics.Readings {
        @Override
        public int generationsLeft() {
            return left.count();
        }

        @Override
        public long transactionTimeMs() {
            return transactionTime.ms();
        }

        @Override
        public double silentSeconds() {
            return standstill.silentSeconds();
        }

        @Override
        public long stalledPartitions() {
            return standstill.stalledPartitions();
        }
    }

    /// Brings the application up in the background; see [#awaitReady].
    ///
    /// @param engineConfig the configuration that the engine was started with
    /// @throws IllegalStateException if another pipeline uses the same state folder
    public static Pipeline start(
            PipelineConfig config, Model model, Engine engine, EngineConfig engineConfig, MeterRegistry meters) {
        return start(config, RequestContract.ofThisRelease(), model, engine, engineConfig, meters,
                System::currentTimeMillis);
    }

    /// The same for a release that knows other fields of requests, and with another wall clock.
    ///
    /// @param wall milliseconds since 1970
    public static Pipeline start(PipelineConfig config, RequestContract contract, Model model, Engine engine,
            EngineConfig engineConfig, MeterRegistry meters, LongSupplier wall) {
        var pipeline = new Pipeline(
                config, contract, model, TokenEngine.of(engine), engineConfig.maxSequences(), meters, wall);
        pipeline.supervisor.start();
        return pipeline;
    }

    private Pipeline(PipelineConfig config, RequestContract contract, Model model, TokenEngine engine, int slots,
            MeterRegistry meters, LongSupplier wall) {
        time = new SteadyTime(wall, System::nanoTime);
        this.config = config;
        this.contract = contract;
        this.model = model;
        this.engine = engine;
        this.slots = slots;
        this.meters = meters;
        metrics = new PipelineMetrics(meters, new Readings());
        check = new RequestCheck(model, config.limits(), ChatPrompts.orRefusing(model, Clock.systemDefaultZone()));
        constraints = new Constraints(model.tokenizer(), compilers::of);
        var name = UUID.randomUUID();
        folder = new InstanceFolder(config.stateDir().resolve(config.applicationId()), name);
        process = new ProcessLife(name, folder.endedBefore());
        registry = new Registry(config, contract);
        cancels = new CancelsAhead(config);
        preparation = new Preparation(config, time::wallMs, closing);
        results = new ResultReader(config, registry.resultsRead());
        looks = new TopicLooks(preparation.adminProperties());
        foreign = new ForeignTopics(config, new Inquiries<>(looks::look, looks.background(), TOPIC_MISSING));
        mentions = new RequestMentions(config.limits().mentions(), foreign, new Inquiries<>(
                registry::schema, registry.subjects(), config.recovery().patience().unknownSchema()));
    }

    /// Waits until the pipeline has its partitions.
    ///
    /// @return false if it does not within this time, or will never: [#health] says why
    public boolean awaitReady(Duration limit) throws InterruptedException {
        return ready.await(limit.toMillis(), TimeUnit.MILLISECONDS) && health.isAlive();
    }

    /// Waits until the pipeline has been closed or has failed.
    public Health awaitEnd() throws InterruptedException {
        ended.await();
        return health;
    }

    /// How it is now. Any thread may ask.
    public Health health() {
        var now = health;
        if (!now.isAlive()) {
            return now;
        }
        var said = new ArrayList<>(List.of(now.detail()));
        if (left.count() > 0) {
            said.add(left.sentence());
        }
        said.addAll(standstill.sentences());
        var state = now.isReady() && standstill.isCutOff() ? Health.State.CUT_OFF : now.state();
        return new Health(state, String.join("; ", said));
    }

    /// How the group is registered among those that share the requests topic; empty until it is.
    public Optional<Registered> registered() {
        return Optional.ofNullable(registered);
    }

    /// Why it failed, where the reason is that no option says where it is to begin.
    public Optional<UndecidedStartException> undecided() {
        return Optional.ofNullable(undecided);
    }

    /// Stops within a bound. Live generations stay stored and continue at the next start.
    @Override
    public void close() {
        closing.countDown();
        boolean interrupted = false;
        while (true) {
            try {
                supervisor.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try (folder; engine; registry; results; compilers; looks; cancels) {
            results.start();
            var caution = folder.lastLifeEndedBadly()
                    ? new Caution(time.milliseconds() + CAUTION.toMillis())
                    : Caution.none();
            for (long life = 0; !isClosing(); life++) {
                if (prepare() && !live(caution, life)) {
                    break;
                }
            }
            if (!engineFailed) {
                folder.endedWell();
            }
            if (health.state() != Health.State.FAILED) {
                health = new Health(Health.State.STOPPED, "stopped; unfinished generations continue at the next start");
            }
        } catch (RefusedException | TopicProblemException e) {
            folder.endedWell();     // what the world refuses is not the fault of a generation
            fail(e);
        } catch (RuntimeException e) {
            fail(rootOf(e) instanceof ConfigException wrong ? new RefusedException("Kafka's clients cannot be set up, "
                    + "because their properties do not fit each other: " + wrong.getMessage(), e) : e);
        } finally {
            ready.countDown();
            ended.countDown();
        }
    }

    private void fail(Throwable cause) {
        undecided = cause instanceof UndecidedStartException start ? start : null;
        if (undecided != null || cause instanceof RefusedException || cause instanceof TopicProblemException
                || cause instanceof OrderRefusedException) {
            LOG.error("the pipeline cannot go on: {}", cause.getMessage());
        } else {
            LOG.error("the pipeline cannot go on: {}", cause.getMessage(), cause);
        }
        health = new Health(Health.State.FAILED, String.valueOf(cause.getMessage()));
    }

    /// Waits for what the pipeline needs.
    ///
    /// @return false if it was told to close meanwhile
    private boolean prepare() {
        return retry("topics", preparation::checkTopics) && retry("registry", registry::prepare)
                && retry("consumer group", preparation::checkGroup) && retry("topic of models", this::register);
    }

    private void register() {
        registered = preparation.register(registered);
        results.lookIn(preparation.homes());
    }

    private boolean retry(String what, Runnable attempt) {
        for (long pause = FIRST_RETRY_MS; !isClosing(); pause = Math.min(2 * pause, LAST_RETRY_MS)) {
            try {
                attempt.run();
                return true;
            } catch (AuthenticationException e) {
                if (ready.getCount() > 0) {     // credentials that never worked do not get better by waiting
                    throw new RefusedException("the Kafka cluster refuses the credentials in the client "
                            + "properties: " + rootOf(e).getMessage(), e);
                }
                LOG.warn("waiting for the {}: {}", what, e.getMessage());
            } catch (KafkaException e) {
                if (rootOf(e) instanceof ConfigException && !isUnresolved(rootOf(e))) {
                    throw e;
                }
                String reason = reason(rootOf(e));
                LOG.warn("waiting for the {}: {}", what, reason);
                health = new Health(Health.State.STARTING, "waiting for the " + what + ": " + reason);
            }
            pause(pause);
        }
        return false;
    }

    /// Runs Kafka Streams until it is told to close or fails.
    ///
    /// @return whether to begin again
    private boolean live(Caution caution, long life) {
        failure = null;
        renewed = false;
        metrics.lifeBegins();
        var models = new ModelView(config.applicationId(), registered.topicId(), System::nanoTime);
        try (var watch = ModelWatch.start(
                config.kafka(), config.topics().models(), config.topics().requests(), models)) {
            return watch.awaitView(closing) && live(models, caution, life);
        }
    }

    private boolean live(ModelView models, Caution caution, long life) {
        var commits = new Commits(config, System::nanoTime);
        var holds = new PartitionHolds();
        var room = new WaitingRoom(config.waiting(), config.sharing());
        var steps = new StepSignal();
        var homes = preparation.homes();
        var shared = new SharedEngine(engine, slots, steps, commits::firstToken, System::nanoTime);
        var parts = new ProcessParts(config, model, shared, room, check, constraints, mentions, foreign, commits, holds,
                caution, process, time::wallMs, contract, left, registry.decoding(), models, new IdSightings(metrics),
                homes, gaps, results, preparation.resultBytes(), registry::asWritten, standstill, cancels, metrics);
        var topology = PipelineTopology.build(parts, registry.chunks(), registry.results());
        var clients = new PipelineClients(
                config.applicationId() + "-" + folder.instance(), transactionTime, commits, holds, steps, config);
        try {
            var streams = new KafkaStreams(topology, StreamsProperties.of(config, folder.instance()), clients, time);
            if (!runStreams(streams)) {
                return hangs();
            }
        } catch (KafkaException e) {
            if (!isUnresolved(rootOf(e))) {
                throw e;
            }
            failure = e;
        }
        shared.releaseAll();
        return !isClosing() && mayBeginAgain(life);
    }

    /// Returns when Kafka Streams has stopped by itself or was stopped because this closes.
    ///
    /// @return whether all of it has ended
    private boolean runStreams(KafkaStreams streams) {
        var stopped = new CountDownLatch(1);
        boolean ended;
        try (var streamsMetrics = new KafkaStreamsMetrics(streams);
                var cluster = new ClusterWatch(preparation.adminProperties(), config,
                        preparation.homes().counts().now(), gaps, standstill, metrics)) {
            streams.setStateListener((now, before) -> report(now, stopped));
            streams.setUncaughtExceptionHandler(e -> {
                failure = e;
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            streamsMetrics.bindTo(meters);
            streams.start();
            try (var _ = StandstillWatch.start(
                    config, preparation.adminProperties(), () -> requestsRead(streams), standstill, metrics)) {
                awaitEither(stopped, cluster);
            }
            if (isClosing() && health.isReady()) {
                process.ends();
                process.awaitSettled(SETTLED_WITHIN_MS);
            }
        } finally {
            // Never its close() without a limit: a thread that waits for an absent broker would hold us up for ever.
            var within = isClosing() ? CLOSE_WITHIN : CLOSE_WITHIN.plusMillis(transactionTime.ms());
            ended = streams.close(CloseOptions.groupMembershipOperation(LEAVE_GROUP).withTimeout(within));
        }
        return ended;
    }

    private Set<TopicPartition> requestsRead(KafkaStreams streams) {
        return streams.metadataForLocalThreads().stream().flatMap(thread -> thread.activeTasks().stream())
                .flatMap(task -> task.topicPartitions().stream())
                .filter(partition -> partition.topic().equals(config.topics().requests()))
                .collect(Collectors.toSet());
    }

    /// A thread that still runs may use the engine: nobody else may then.
    private boolean hangs() {
        String sentence = "a thread of Kafka Streams has not ended within " + CLOSE_WITHIN.toSeconds()
                + " s; all that was committed is stored, and goes on when the process is started again";
        if (isClosing()) {
            LOG.warn(sentence);
        } else {
            fail(new IllegalStateException(sentence));
        }
        return false;
    }

    private synchronized void explainRestore(String reason) {
        if (health.state() == Health.State.REBALANCING) {
            LOG.warn(reason);
            health = new Health(Health.State.REBALANCING, reason);
        }
    }

    private synchronized void report(KafkaStreams.State state, CountDownLatch stopped) {
        switch (state) {
            case RUNNING -> {
                health = new Health(Health.State.READY, "serving");
                LOG.info("serving");
                ready.countDown();
            }
            case REBALANCING -> health = new Health(Health.State.REBALANCING, "partitions are being assigned");
            case ERROR, NOT_RUNNING -> stopped.countDown();
            case CREATED, PENDING_SHUTDOWN, PENDING_ERROR -> { }
        }
    }

    private boolean mayBeginAgain(long life) {
        var cause = failure;
        for (var e = cause; e != null; e = e.getCause()) {
            if (e instanceof EngineException || e instanceof Error) {
                engineFailed = true;
                fail(e);
                return false;
            }
        }
        if (renewed && cause == null) {
            return true;
        }
        if (cause != null && rootOf(cause) instanceof FencedInstanceIdException) {
            folder.takeAnotherName();
            return true;
        }
        String message = cause == null ? "Kafka Streams stopped" : reason(rootOf(cause));
        LOG.warn("Kafka Streams ended and is started again: {}", message, isOfTheWorld(cause) ? null : cause);
        health = new Health(Health.State.STARTING, "starting again after: " + message);
        pause(Math.min(FIRST_RETRY_MS << Math.min(life, 5), LAST_RETRY_MS));
        return true;
    }

    /// Whether a sentence says all there is to say; for the rest, which is ours, a stack trace says where.
    private static boolean isOfTheWorld(Throwable cause) {
        return cause == null || rootOf(cause) instanceof KafkaException || rootOf(cause) instanceof IOException;
    }

    /// Of all names of brokers, none is known to the name service now.
    private static boolean isUnresolved(Throwable root) {
        return root instanceof ConfigException && String.valueOf(root.getMessage()).contains(UNRESOLVED);
    }

    private String reason(Throwable root) {
        if (isUnresolved(root)) {
            return "the name service has no address for " + config.kafka().get("bootstrap.servers");
        }
        return root instanceof AuthorizationException ? root.getMessage() + GRANTS : String.valueOf(root.getMessage());
    }

    private static Throwable rootOf(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private boolean isClosing() {
        return closing.getCount() == 0;
    }

    private void awaitEither(CountDownLatch stopped, ClusterWatch cluster) {
        try {
            long looked = System.nanoTime();
            while (!isClosing() && !stopped.await(50, TimeUnit.MILLISECONDS)) {
                if (clockWasSet() || werePartitionsAdded(cluster)) {
                    renewed = true;
                    return;
                }
                if (health.state() != Health.State.REBALANCING) {
                    looked = System.nanoTime();
                } else if (System.nanoTime() - looked > LONG_RESTORE.toNanos()) {
                    lookForOpenTransactions();
                    looked = System.nanoTime();
                }
            }
        } catch (InterruptedException e) {
            closing.countDown();
        }
    }

    private boolean werePartitionsAdded(ClusterWatch cluster) {
        cluster.look();
        boolean grown = cluster.havePartitionsGrown();
        if (grown) {
            LOG.warn("partitions were added to {}; the other topics get as many, and the pipeline goes on",
                    config.topics().requests());
        }
        return grown;
    }

    /// Says so where the wall clock was set by more than what may be adjusted unnoticed.
    ///
    /// @return whether Kafka's clients have to be made anew: they measure by the wall clock, and one that was set back
    ///         sends no heartbeat until the old time has come again
    private boolean clockWasSet() {
        long stepMs = time.takeStep();
        if (Math.abs(stepMs) < LEAST_STEP_MS) {
            return false;
        }
        LOG.warn("the wall clock was set {} by {}; ticks, commits and what is remembered go on as before, deadlines "
                + "follow the clock{}", stepMs < 0 ? "back" : "ahead", Duration.ofMillis(Math.abs(stepMs)),
                stepMs < 0 ? ", and the connections to Kafka are made anew" : "");
        return stepMs < 0;
    }

    /// Says what a long restoration waits for, where it is a transaction.
    private void lookForOpenTransactions() {
        try (var admin = Admin.create(preparation.adminProperties())) {
            new GroupMembers(admin, config.applicationId()).sentence().ifPresent(this::explainRestore);
            new OpenTransactions(admin, config.applicationId()).sentence(LONG_RESTORE).ifPresent(this::explainRestore);
        } catch (KafkaException e) {
            LOG.warn("the partitions are not restored yet, and the cluster does not say why: {}", e.getMessage());
        }
    }

    private void pause(long ms) {
        try {
            closing.await(ms, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            closing.countDown();
        }
    }
}
