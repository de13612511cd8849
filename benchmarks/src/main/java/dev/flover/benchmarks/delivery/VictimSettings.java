package dev.flover.benchmarks.delivery;

import dev.flover.topology.config.Patience;
import dev.flover.topology.config.PipelineConfig.Delivery;
import dev.flover.topology.config.PipelineConfig.Pace;
import dev.flover.topology.config.PipelineConfig.Remembering;
import dev.flover.topology.config.PipelineConfig.Serving;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.Recovery;
import dev.flover.topology.models.Begin;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The settings of a pipeline under test, and their form as arguments of its process.
///
/// @param group            number of its group among those that share the topics, from 0; each serves its own model
///                         name
/// @param folder           folder of its state
/// @param context          as in `--context`; 0 for the model's own
/// @param backend          as in `--backend`
/// @param threads          threads that compute; 0 for one per core
/// @param ranks            as in `--tp`
/// @param devices          as in `--devices`
/// @param engines          as in `--engines`
/// @param sessionTimeoutMs session timeout of the consumer group, in ms
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record VictimSettings(
        int group, String bootstrapServers, String registryUrl, Path folder, Path model, int context,
        String backend, int threads, String ranks, String devices, int engines, Delivery delivery,
        int commitIntervalMs, int sessionTimeoutMs) {
    /// The number of arguments of the process.
    static final int ARGUMENTS = 14;
    private static final int LEAST_TRANSACTION_TIMEOUT_MS = 1000;
    private static final int HEARTBEATS = 10;
    private static final Duration UNKNOWN_SCHEMA_WAIT = Duration.ofSeconds(3);

    /// Returns the client id of the producer of a group's stream thread.
    static String producer(int group) {
        return "verify-delivery-" + group + "-StreamThread-1-producer";
    }

    /// Returns the model name that requests use for a group.
    static String modelName(int group) {
        return "model-" + group;
    }

    List<String> arguments() {
        return List.of(Integer.toString(group), bootstrapServers, registryUrl, folder.toString(), model.toString(),
                Integer.toString(context), backend, Integer.toString(threads), ranks, devices,
                Integer.toString(engines), delivery.name(), Integer.toString(commitIntervalMs),
                Integer.toString(sessionTimeoutMs));
    }

    static VictimSettings of(String[] arguments) {
        return VictimSettingsBuilder.builder().group(Integer.parseInt(arguments[0]))
                .bootstrapServers(arguments[1]).registryUrl(arguments[2]).folder(Path.of(arguments[3]))
                .model(Path.of(arguments[4])).context(Integer.parseInt(arguments[5])).backend(arguments[6])
                .threads(Integer.parseInt(arguments[7])).ranks(arguments[8]).devices(arguments[9])
                .engines(Integer.parseInt(arguments[10])).delivery(Delivery.valueOf(arguments[11]))
                .commitIntervalMs(Integer.parseInt(arguments[12]))
                .sessionTimeoutMs(Integer.parseInt(arguments[13])).build();
    }

    /// Returns the same settings for another group and another folder.
    VictimSettings in(int otherGroup, Path other) {
        return VictimSettingsBuilder.builder(this).group(otherGroup).folder(other).build();
    }

    /// Makes the pipeline's configuration. With exactly-once, ended requests are remembered: the check notices a
    /// request that is read again after its end, because its second answer is marked as a repeat. At-least-once does
    /// not promise that each request is read once, so ended requests are not remembered, and every repeat is visible.
    /// The transaction timeout is short, because readers wait that long for a transaction that a kill left open.
    PipelineConfig pipeline() {
        int timeoutMs = Math.max(LEAST_TRANSACTION_TIMEOUT_MS, 2 * commitIntervalMs);
        var standard = Remembering.standard();
        var none = new Remembering(Duration.ZERO, standard.cancelled(), standard.entries(), 0);
        return PipelineConfig.of("verify-delivery-" + group, bootstrapServers, registryUrl, folder, modelName(group))
                .with(delivery)
                .with(Recovery.standard().with(new Patience(UNKNOWN_SCHEMA_WAIT, Patience.standard().parked(),
                        Patience.standard().silence())))
                .with(Serving.standard().from(new Begin.Earliest()))
                .withKafka(Map.of("producer.transaction.timeout.ms", Integer.toString(timeoutMs),
                        "main.consumer.session.timeout.ms", Integer.toString(sessionTimeoutMs),
                        "main.consumer.heartbeat.interval.ms", Integer.toString(sessionTimeoutMs / HEARTBEATS)))
                .with(delivery == Delivery.EXACTLY_ONCE ? standard : none)
                .with(new Pace(Pace.standard().tick(), Duration.ofMillis(commitIntervalMs),
                        Pace.standard().chunkInterval()));
    }
}
