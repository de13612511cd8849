package dev.flover.app.pipeline;

import dev.flover.app.options.CommandException;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.Model;
import dev.flover.topology.Health;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.generation.GenerationList;
import dev.flover.topology.models.Orders.Registered;
import dev.flover.topology.models.UndecidedStartException;
import dev.flover.topology.notes.GenerationNotes;
import dev.flover.topology.setup.TopicProblemException;
import dev.flover.topology.setup.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.RetriableException;

/// A pipeline in this process, whose failures become sentences for the user.
public final class LocalPipeline implements AutoCloseable {
    private static final Duration RETENTION = Duration.ofDays(7);
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final short BROKERS_DEFAULT = -1;

    private final Pipeline pipeline;

    private LocalPipeline(Pipeline pipeline) {
        this.pipeline = pipeline;
    }

    /// Starts a pipeline with one engine, as [#start(PipelineConfig, Model, List, EngineConfig, MeterRegistry)] does.
    public static LocalPipeline start(
            PipelineConfig config, Model model, Engine engine, EngineConfig engineConfig, MeterRegistry meters) {
        return start(config, model, List.of(engine), engineConfig, meters);
    }

    /// Starts a pipeline and takes ownership of the engines. The model must stay open until the pipeline is closed.
    ///
    /// @throws CommandException if another pipeline uses the same state folder
    public static LocalPipeline start(PipelineConfig config, Model model, List<Engine> engines,
            EngineConfig engineConfig, MeterRegistry meters) {
        try {
            return new LocalPipeline(Pipeline.start(config, model, engines, engineConfig, meters));
        } catch (IllegalStateException e) {         // another pipeline uses the folder
            throw new CommandException(e.getMessage(), e);
        } catch (UncheckedIOException e) {
            throw new CommandException("the state folder " + config.stateDir() + " cannot be used: "
                    + CommandException.reason(e), e);
        }
    }

    /// Creates the missing topics with the brokers' default number of replicas and a retention of one week.
    public static void createTopics(PipelineConfig config, int partitions) {
        createTopics(config, partitions, Optional.empty(), RETENTION);
    }

    /// Creates the missing topics.
    ///
    /// @param replicas number of replicas; empty for the brokers' default
    static void createTopics(
            PipelineConfig config, int partitions, Optional<Integer> replicas, Duration retention) {
        var properties = config.admin();
        properties.putIfAbsent("default.api.timeout.ms", "15000");
        properties.putIfAbsent("request.timeout.ms", "5000");
        try (var admin = Admin.create(properties)) {
            short replication = replicas.map(Integer::shortValue).orElse(BROKERS_DEFAULT);
            new Topics(admin, config.topics()).create(partitions, replication, retention);
        } catch (KafkaException | TopicProblemException e) {
            throw new CommandException("the topics could not be created at "
                    + config.kafka().get("bootstrap.servers") + ": " + CommandException.reason(e), e);
        }
    }

    /// Tells whether creating the topics may succeed later, because no broker answered or no host name was resolved.
    static boolean mayBeLater(CommandException failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof RetriableException || cause instanceof ConfigException wrong
                    && String.valueOf(wrong.getMessage()).contains("No resolvable bootstrap urls")) {
                return true;
            }
        }
        return false;
    }

    /// Waits until the pipeline answers requests.
    ///
    /// @param givenUp asked repeatedly; true ends the wait
    /// @return true if the pipeline answers requests, false if the wait was given up
    /// @throws CommandException if the pipeline has failed
    public boolean awaitReady(BooleanSupplier givenUp) {
        try {
            while (!givenUp.getAsBoolean()) {
                if (pipeline.awaitReady(LOOK)) {
                    return true;
                }
                throwIfFailed();
            }
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// @throws CommandException if the pipeline has failed
    public void throwIfFailed() {
        if (!health().isAlive()) {
            throw new CommandException("the pipeline has failed: " + health().detail());
        }
    }

    /// Returns the reason for the failure, if it is that the settings do not say where a new application id begins to
    /// read.
    Optional<UndecidedStartException> undecided() {
        return pipeline.undecided();
    }

    /// Returns the registration of the group; empty until it is registered.
    Optional<Registered> registered() {
        return pipeline.registered();
    }

    /// Returns the waiting and live generations of this process. Waits up to two seconds.
    List<GenerationList.Row> generations() {
        return pipeline.generations();
    }

    /// Returns the generations that were published last. Does not wait.
    List<GenerationList.Row> latestGenerations() {
        return pipeline.latestGenerations();
    }

    /// Returns the latest beginnings and ends of generations.
    GenerationNotes notes() {
        return pipeline.notes();
    }

    /// Returns the records that are still to be restored, by partition.
    Map<Integer, Long> restoring() {
        return pipeline.restoring();
    }

    public Health health() {
        return pipeline.health();
    }

    @Override
    public void close() {
        pipeline.close();
    }
}
