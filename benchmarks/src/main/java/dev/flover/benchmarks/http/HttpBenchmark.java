package dev.flover.benchmarks.http;

import dev.flover.app.options.BundledModel;
import dev.flover.app.pipeline.LocalPipeline;
import dev.flover.app.pipeline.Servers;
import dev.flover.app.pipeline.TemporaryFolder;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.http.Bridge;
import dev.flover.http.BridgeConfig;
import dev.flover.http.topics.TopicAccess.TopicsOfBridge;
import dev.flover.http.topics.TopicAccess;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// Runs all measurements of the HTTP bridge, with a broker and a pipeline of its own.
@Command(name = "HttpBenchmark", mixinStandardHelpOptions = true)
final class HttpBenchmark implements Callable<Integer> {
    private static final int PARTITIONS = 4;
    /// The largest number of old answers that the benchmark reads again.
    private static final int ASKED = 200;
    private static final String APPLICATION = "http-bench";

    @Parameters(index = "0", paramLabel = "REQUESTS", description = "Requests of each kind, one after the other.")
    private int requests;

    @Parameters(index = "1", paramLabel = "STREAMS", description = "Streams that are open at the same time.")
    private int streams;

    @Parameters(index = "2", paramLabel = "ROUNDS", description = "Chunks of each stream.")
    private int rounds;

    @Parameters(index = "3", paramLabel = "ANSWERS", description = "Old answers that the topic keeps.")
    private int answers;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new HttpBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        run(requests, streams, rounds, answers).lines().forEach(System.out::println);
        return 0;
    }

    /// @param requests number of requests of each kind, sent one after the other
    /// @param streams  number of streams that are open at the same time
    /// @param rounds   number of chunks of each stream
    /// @param answers  number of old answers that the topic keeps
    static HttpReport run(int requests, int streams, int rounds, int answers) throws Exception {
        var engineConfig = EngineConfig.of(16, 80);
        try (var model = ModelLoader.open(BundledModel.path());
                var folder = TemporaryFolder.create("flover-http-bench-");
                var servers = Servers.temporary(folder)) {
            var config = PipelineConfig.of(APPLICATION, servers.connection().bootstrapServers(),
                    servers.connection().registryUrl(), folder.path().resolve("state"), "novelist")
                    .with(RecordForm.JSON);
            LocalPipeline.createTopics(config, PARTITIONS);
            var engine = Engine.start(model, Backends.open("cpu", 0), engineConfig);
            try (var pipeline = LocalPipeline.start(config, model, engine, engineConfig, new SimpleMeterRegistry());
                    var bridge = bridge(config)) {
                pipeline.awaitReady(() -> false);
                while (!bridge.isReady()) {
                    Thread.onSpinWait();
                }
                String broker = servers.connection().bootstrapServers();
                var first = FirstTokens.measure(bridge.url(), broker, config.topics(), requests);
                var eager = EagerTokens.measure(bridge.url(), requests);
                var many = ManyStreams.measure(bridge.url(), broker, config.topics().tokens(), PARTITIONS, streams,
                        rounds);
                var old = OldAnswers.measure(bridge.url(), broker, config.topics().tokens(), answers, ASKED);
                return new HttpReport(first, eager, many, old);
            }
        }
    }

    private static Bridge bridge(PipelineConfig config) {
        var topics = config.topics();
        Map<String, String> clients = config.kafka();
        var access = new TopicAccess(new TopicsOfBridge(topics.requests(), topics.tokens(),
                topics.results(), topics.models()), clients,
                clients, config.registry());
        return Bridge.start(BridgeConfig.of("127.0.0.1", 0, access)
                .with(BridgeConfig.Limits.standard().withConnections(20_000)), null);
    }
}
