package dev.flover.tests.pipeline;

import dev.flover.topology.Pipeline;
import dev.flover.topology.PipelineConfig;
import dev.flover.topology.PipelineConfig.TopicNames;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A pipeline in a process of its own, to be killed.
final class PipelineProcess {
    private PipelineProcess() {}

    /// Runs until its standard input ends.
    public static void main(String[] arguments) throws IOException {
        var topics = new TopicNames(arguments[3], arguments[4], arguments[5], arguments[6]);
        var config = PipelineConfig.of(arguments[0], arguments[1], arguments[2], Path.of(arguments[7]), "novelist")
                .with(topics);
        try (var model = BundledModel.open();
                var pipeline = Pipeline.start(config, model, BundledModel.engine(model), BundledModel.config(),
                        new SimpleMeterRegistry())) {
            System.in.transferTo(System.out);
            System.out.println(pipeline.health());
        }
    }

    /// Starts one; what it logs goes where the test's output goes.
    static Process start(PipelineConfig config) {
        var topics = config.topics();
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-ea", "-Xmx256m", "-XX:+UseSerialGC", "--add-modules", "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                PipelineProcess.class.getName()));
        command.addAll(List.of(config.applicationId(), config.kafka().get("bootstrap.servers"),
                config.registry().get("schema.registry.url"), topics.requests(), topics.tokens(), topics.results(),
                topics.deadLetters(), config.stateDir().toString()));
        try {
            return new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            throw new AssertionError("cannot start a pipeline process", e);
        }
    }
}
