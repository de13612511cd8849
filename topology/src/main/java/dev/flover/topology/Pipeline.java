package dev.flover.topology;

import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.model.Model;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.generation.GenerationList;
import dev.flover.topology.generation.TokenEngine;
import dev.flover.topology.models.OrderRefusedException;
import dev.flover.topology.models.Orders.Registered;
import dev.flover.topology.models.UndecidedStartException;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.setup.RefusedException;
import dev.flover.topology.setup.TopicProblemException;
import dev.flover.topology.state.Caution;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The running application: engines, each with a stream thread of its own, and the partitions that the consumer group
/// gives this process.
///
/// ```
///   start ─► broker, topics and registry are there ─► Kafka Streams runs ─► close
///                 ^      (waits with back-off)              |
///                 └────── begins again after a failure ─────┘
/// ```
///
/// After a failure of the broker, the registry or a topic, the pipeline waits and begins again. A failure of the engine
/// ends the pipeline, with everything stored. The pipeline owns the engines that it is given.
public final class Pipeline implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);
    private static final long FIRST_RETRY_MS = 250;
    private static final long LAST_RETRY_MS = 10_000;
    private static final Duration CAUTION = Duration.ofSeconds(60);

    private final ProcessWide process;
    private final HealthBoard board;
    private final Thread supervisor = new Thread(this::run, "flover-pipeline");
    private volatile @Nullable Registered registered;
    private volatile @Nullable UndecidedStartException undecided;

    /// Starts the application in the background; [#awaitReady] waits for it.
    ///
    /// @param engineConfig the configuration that the engine was started with
    /// @throws IllegalStateException if another pipeline uses the same state folder
    public static Pipeline start(
            PipelineConfig config, Model model, Engine engine, EngineConfig engineConfig, MeterRegistry meters) {
        return start(config, model, List.of(engine), engineConfig, meters);
    }

    /// Starts the application with several engines of equal arithmetic. Each has a stream thread of its own, and
    /// computes the partitions of that thread.
    ///
    /// @param engineConfig the configuration that each engine was started with
    /// @throws IllegalStateException if another pipeline uses the same state folder
    public static Pipeline start(PipelineConfig config, Model model, List<Engine> engines, EngineConfig engineConfig,
            MeterRegistry meters) {
        return start(config, RequestContract.ofThisRelease(), model, engines, engineConfig, meters,
                System::currentTimeMillis);
    }

    /// Starts an application of a release that knows other fields of requests, with another wall clock; for tests.
    ///
    /// @param contract the fields of requests that the release knows
    /// @param wall     the wall clock in milliseconds since 1970
    public static Pipeline start(PipelineConfig config, RequestContract contract, Model model,
            List<Engine> engines, EngineConfig engineConfig, MeterRegistry meters, LongSupplier wall) {
        var pipeline = new Pipeline(new ProcessWide(config, contract, model,
                engines.stream().map(TokenEngine::of).toList(), engineConfig.maxSequences(), meters, wall));
        pipeline.supervisor.start();
        return pipeline;
    }

    private Pipeline(ProcessWide process) {
        this.process = process;
        board = new HealthBoard(process.left, process.standstill);
    }

    /// Waits until the pipeline has its partitions.
    ///
    /// @return false if it does not get them within this time, or never will: [#health] has the reason
    public boolean awaitReady(Duration limit) throws InterruptedException {
        return board.awaitReady(limit);
    }

    /// Waits until the pipeline has been closed or has failed.
    public Health awaitEnd() throws InterruptedException {
        return board.awaitEnd();
    }

    /// The present health. Any thread may ask.
    public Health health() {
        return board.health();
    }

    /// The generations of this process that wait or are being computed, about a second old. Waits up to two seconds.
    public List<GenerationList.Row> generations() {
        return process.list.rows();
    }

    /// The latest beginnings and ends of generations in this process.
    public GenerationNotes notes() {
        return process.notes;
    }

    /// The generations as the stream thread published them last; asks it to publish them again. Does not wait.
    public List<GenerationList.Row> latestGenerations() {
        return process.list.latest();
    }

    /// The changelog records that are still to be read, by partition; without the partitions that are restored.
    public Map<Integer, Long> restoring() {
        return process.restore.left();
    }

    /// The group's registration among the groups that share the requests topic; empty until it is registered.
    public Optional<Registered> registered() {
        return Optional.ofNullable(registered);
    }

    /// The reason of a failed start, where neither the cluster nor an option says where the group begins to read; empty
    /// otherwise.
    public Optional<UndecidedStartException> undecided() {
        return Optional.ofNullable(undecided);
    }

    /// Stops the pipeline within a bounded time. Live generations stay stored and continue at the next start.
    @Override
    public void close() {
        process.closing.countDown();
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
        try (process) {
            process.results.start();
            var caution = process.folder.lastLifeEndedBadly()
                    ? new Caution(process.time.milliseconds() + CAUTION.toMillis())
                    : Caution.none();
            boolean mayEndWell = true;
            for (long life = 0; !process.isClosing(); life++) {
                if (prepare()) {
                    var topicId = Objects.requireNonNull(registered).topicId();
                    var outcome = new StreamsLife(process, board, caution).live(topicId);
                    mayEndWell = !isOfTheEngine(outcome);
                    if (!goesOnAfter(outcome, life)) {
                        break;
                    }
                }
            }
            if (mayEndWell) {
                process.folder.endedWell();
            }
        } catch (RefusedException | TopicProblemException e) {
            process.folder.endedWell();     // a refusal by the cluster or registry is not caused by a generation
            fail(e);
        } catch (RuntimeException e) {
            fail(Failures.rootOf(e) instanceof ConfigException wrong ? new RefusedException("Kafka's clients cannot be "
                    + "created, because their properties contradict each other: " + wrong.getMessage(), e) : e);
        } finally {
            board.ended("stopped; unfinished generations continue at the next start");
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
        board.failed(String.valueOf(cause.getMessage()));
    }

    /// Waits for the broker, the topics and the registry.
    ///
    /// @return false if the pipeline was closed meanwhile
    private boolean prepare() {
        return retry("topics", process.preparation::checkTopics) && retry("registry", process.registry::prepare)
                && retry("consumer group", process.preparation::checkGroup)
                && retry("topic of models", this::register);
    }

    private void register() {
        registered = process.preparation.register(registered);
        process.results.lookIn(process.preparation.homes());
        int engines = process.engines.size();
        int partitions = process.preparation.homes().counts().now();
        if (engines > partitions) {
            LOG.warn("{} engines were started, but {} has {} partitions; an engine without a partition is idle",
                    engines, process.config.topics().requests(), partitions);
        }
    }

    private boolean retry(String what, Runnable attempt) {
        for (long pause = FIRST_RETRY_MS; !process.isClosing(); pause = Math.min(2 * pause, LAST_RETRY_MS)) {
            try {
                attempt.run();
                return true;
            } catch (AuthenticationException e) {
                if (!board.wasEverReady()) {    // credentials that never worked will not work later
                    throw new RefusedException("the Kafka cluster refuses the credentials in the client "
                            + "properties: " + Failures.rootOf(e).getMessage(), e);
                }
                LOG.warn("waiting for the {}: {}", what, e.getMessage());
            } catch (KafkaException e) {
                if (Failures.isOfProperties(e)) {
                    throw e;
                }
                String reason = reason(e);
                LOG.warn("waiting for the {}: {}", what, reason);
                board.starting("waiting for the " + what + ": " + reason);
            }
            pause(pause);
        }
        return false;
    }

    private String reason(Throwable failure) {
        return Failures.reason(failure, Objects.requireNonNull(process.config.kafka().get("bootstrap.servers")));
    }

    private static boolean isOfTheEngine(StreamsLife.Outcome outcome) {
        return outcome instanceof StreamsLife.Outcome.Failed(Throwable cause) && engineFailure(cause).isPresent();
    }

    static Optional<Throwable> engineFailure(Throwable cause) {
        for (var e = cause; e != null; e = e.getCause()) {
            if (e instanceof EngineException || e instanceof Error) {
                return Optional.of(e);
            }
        }
        return Optional.empty();
    }

    /// Whether another life of Kafka Streams is to begin; after a failure it does so after a pause.
    private boolean goesOnAfter(StreamsLife.Outcome outcome, long life) {
        return switch (outcome) {
            case StreamsLife.Outcome.Closed closed -> false;
            case StreamsLife.Outcome.Renewed renewed -> true;
            case StreamsLife.Outcome.Hangs(String sentence) -> {
                if (process.isClosing()) {
                    LOG.warn(sentence);
                } else {
                    fail(new IllegalStateException(sentence));
                }
                yield false;
            }
            case StreamsLife.Outcome.Failed(Throwable cause) -> {
                var ofEngine = engineFailure(cause);
                ofEngine.ifPresent(this::fail);
                yield ofEngine.isEmpty() && goesOnAfterFailure(cause, life);
            }
        };
    }

    private boolean goesOnAfterFailure(Throwable cause, long life) {
        if (cause != null && Failures.rootOf(cause) instanceof FencedInstanceIdException) {
            process.folder.takeAnotherName();
            return true;
        }
        String message = cause == null ? "Kafka Streams stopped" : reason(cause);
        LOG.warn("Kafka Streams ended and is started again: {}", message,
                Failures.isOfTheWorld(cause) ? null : cause);
        board.starting("starting again after: " + message);
        pause(Math.min(FIRST_RETRY_MS << Math.min(life, 5), LAST_RETRY_MS));
        return true;
    }

    private void pause(long ms) {
        try {
            process.closing.await(ms, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            process.closing.countDown();
        }
    }
}
