package dev.flover.app.delivery;

import dev.flover.topology.PipelineConfig;
import dev.flover.topology.PipelineConfig.Delivery;
import dev.flover.topology.PipelineConfig.Pace;
import dev.flover.topology.PipelineConfig.Remembering;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// How the pipeline under test is set up, and the same as arguments of its process.
///
/// @param folder           for its state
/// @param context          as in `--context`; 0 for the model's own
/// @param backend          as in `--backend`
/// @param threads          that compute; 0 for one a core
/// @param sessionTimeoutMs how long the group waits for an instance that says nothing
record VictimSettings(
        String bootstrapServers, String registryUrl, Path folder, Path model, int context,
        String backend, int threads, Delivery delivery, int commitIntervalMs, int sessionTimeoutMs) {
    private static final int LEAST_TRANSACTION_TIMEOUT_MS = 1000;
    private static final int HEARTBEATS = 10;

    List<String> arguments() {
        return List.of(bootstrapServers, registryUrl, folder.toString(), model.toString(),
                Integer.toString(context), backend, Integer.toString(threads), delivery.name(),
                Integer.toString(commitIntervalMs), Integer.toString(sessionTimeoutMs));
    }

    static VictimSettings of(String[] arguments) {
        return new VictimSettings(arguments[0], arguments[1], Path.of(arguments[2]), Path.of(arguments[3]),
                Integer.parseInt(arguments[4]), arguments[5], Integer.parseInt(arguments[6]),
                Delivery.valueOf(arguments[7]), Integer.parseInt(arguments[8]), Integer.parseInt(arguments[9]));
    }

    /// The same in another folder.
    VictimSettings in(Path other) {
        return new VictimSettings(bootstrapServers, registryUrl, other, model, context, backend, threads, delivery,
                commitIntervalMs, sessionTimeoutMs);
    }

    /// Ended requests are not remembered: what absorbs repeated requests must not hide a request that is read twice.
    /// A transaction that a kill left open holds readers up for its timeout, so that is short.
    PipelineConfig pipeline() {
        int timeoutMs = Math.max(LEAST_TRANSACTION_TIMEOUT_MS, 2 * commitIntervalMs);
        var remembering = Remembering.standard();
        return PipelineConfig.of("verify-delivery", bootstrapServers, registryUrl, folder, "model")
                .with(delivery)
                .withKafka(Map.of("producer.transaction.timeout.ms", Integer.toString(timeoutMs),
                        "main.consumer.session.timeout.ms", Integer.toString(sessionTimeoutMs),
                        "main.consumer.heartbeat.interval.ms", Integer.toString(sessionTimeoutMs / HEARTBEATS)))
                .with(new Remembering(Duration.ZERO, remembering.cancelled(), remembering.entries()))
                .with(new Pace(Pace.standard().tick(), Duration.ofMillis(commitIntervalMs),
                        Pace.standard().chunkInterval()));
    }
}
