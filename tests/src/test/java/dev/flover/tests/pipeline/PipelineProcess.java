package dev.flover.tests.pipeline;

import dev.flover.app.terminal.StopSignal;
import dev.flover.embedded.JavaCommand;
import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.ranks.ShardedBackend;
import dev.flover.engine.model.Model;
import dev.flover.tests.pipeline.FaultyBackend.Fault;
import dev.flover.tests.pipeline.FaultyBackend.Poison;
import dev.flover.topology.Pipeline;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.PipelineConfig.Serving;
import dev.flover.topology.config.PipelineConfig.TopicNames;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.config.Recovery;
import dev.flover.topology.models.Begin;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// A pipeline in a process of its own, so that a test can kill, stop or poison it. The process ends when its standard
/// input ends; with exit code 1 when the pipeline cannot continue; and after an orderly stop on SIGTERM.
final class PipelineProcess {
    private static final int FAILED = 1;
    private static final long LOOK_MS = 20;
    private static final String POISON = "poison:";

    private final PipelineConfig config;
    private String backend = "cpu";
    private int ranks = 1;
    private int engines = 1;
    private List<String> before = List.of();
    private final List<String> poisons = new ArrayList<>();

    private PipelineProcess(PipelineConfig config) {
        this.config = config;
    }

    static PipelineProcess of(PipelineConfig config) {
        return new PipelineProcess(config);
    }

    static Process start(PipelineConfig config) {
        return of(config).start();
    }

    PipelineProcess on(String backend) {
        this.backend = backend;
        return this;
    }

    PipelineProcess onRanks(int ranks) {
        this.ranks = ranks;
        return this;
    }

    PipelineProcess onEngines(int engines) {
        this.engines = engines;
        return this;
    }

    PipelineProcess poisonedBy(String prompt, Fault fault, int afterTokens) {
        poisons.add(POISON + fault + ":" + afterTokens + ":" + prompt);
        return this;
    }

    /// Gives the process a small disk of its own for its state, which no other process sees. This needs a mount
    /// namespace.
    ///
    /// @param kilobytes the size of the disk
    /// @param command   a shell command to run before the pipeline starts
    PipelineProcess onDisk(int kilobytes, String command) {
        before = List.of("unshare", "-rm", "/bin/sh", "-c", "mkdir -p '" + config.stateDir() + "' && mount -t tmpfs -o "
                + "size=" + kilobytes + "k tmpfs '" + config.stateDir() + "' && cd '" + config.stateDir() + "' && { "
                + command + "; cd " + Path.of("").toAbsolutePath() + "; exec \"$@\"; }", "sh");
        return this;
    }

    /// Starts the process; its log goes to the test's output.
    Process start() {
        return start(ProcessBuilder.Redirect.INHERIT);
    }

    /// Starts the process; the caller reads its output, errors included.
    Process heard() {
        return start(ProcessBuilder.Redirect.PIPE);
    }

    private Process start(ProcessBuilder.Redirect output) {
        var command = new ArrayList<>(before);
        command.addAll(JavaCommand.ofEngine(PipelineProcess.class)
                .with("-ea", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable")
                .arguments(arguments()).line());
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
        } catch (IOException e) {
            throw new AssertionError("cannot start a pipeline process", e);
        }
    }

    private List<String> arguments() {
        var topics = config.topics();
        var recovery = config.recovery();
        var arguments = new ArrayList<>(List.of(config.applicationId(), config.registry().get("schema.registry.url"),
                config.stateDir().toString(), topics.requests(), topics.tokens(), topics.results(),
                topics.deadLetters(), topics.models(), recovery.otherArithmetic().name(),
                Integer.toString(recovery.suspectAfter()),
                Integer.toString(recovery.attemptsAlone()), backend, Integer.toString(ranks),
                Integer.toString(engines)));
        config.kafka().forEach((key, value) -> arguments.add(key + "=" + value));
        arguments.addAll(poisons);
        return arguments;
    }

    public static void main(String[] arguments) throws InterruptedException {
        Thread.ofPlatform().daemon().start(() -> haltAtEndOf(System.in));
        try (var stop = StopSignal.install(); var model = BundledModel.open();
                var pipeline = Pipeline.start(configOf(arguments), model, engines(model, arguments),
                        BundledModel.config(), new SimpleMeterRegistry())) {
            while (pipeline.health().isAlive() && !stop.await(LOOK_MS)) {
                // serve until stopped or failed
            }
            System.out.println(pipeline.health());
            if (!pipeline.health().isAlive()) {
                Runtime.getRuntime().halt(FAILED);
            }
        }
    }

    private static PipelineConfig configOf(String[] arguments) {
        Map<String, String> kafka = new HashMap<>();
        for (int i = 14; i < arguments.length && !arguments[i].startsWith(POISON); i++) {
            String[] setting = arguments[i].split("=", 2);
            kafka.put(setting[0], setting[1]);
        }
        return PipelineConfig.of(arguments[0], kafka.get("bootstrap.servers"), arguments[1], Path.of(arguments[2]),
                        "novelist")
                .with(new TopicNames(arguments[3], arguments[4], arguments[5], arguments[6], arguments[7]))
                .with(Serving.standard().from(new Begin.Earliest()))
                .with(new Recovery(OtherArithmetic.valueOf(arguments[8]), Integer.parseInt(arguments[9]),
                        Integer.parseInt(arguments[10])))
                .withKafka(kafka);
    }

    private static List<Engine> engines(Model model, String[] arguments) {
        return IntStream.range(0, Integer.parseInt(arguments[13])).mapToObj(_ -> engine(model, arguments)).toList();
    }

    private static Engine engine(Model model, String[] arguments) {
        var poisons = new ArrayList<Poison>();
        for (var argument : arguments) {
            if (argument.startsWith(POISON)) {
                String[] parts = argument.split(":", 4);
                poisons.add(new Poison(model.tokenizer().encodePrompt(parts[3]), Fault.valueOf(parts[1]),
                        Integer.parseInt(parts[2])));
            }
        }
        int ranks = Integer.parseInt(arguments[12]);
        var backends = new ArrayList<Backend>();
        for (int rank = 0; rank < ranks; rank++) {
            var backend = Backends.open(arguments[11], 1);
            backends.add(rank == 0 ? FaultyBackend.of(backend, poisons) : backend);
        }
        return Engine.start(model, ranks == 1 ? backends.getFirst() : new ShardedBackend(backends, null),
                BundledModel.config());
    }

    private static void haltAtEndOf(InputStream in) {
        try {
            in.transferTo(System.out);
        } catch (IOException e) {
            System.err.println("the pipe from the parent broke: " + e.getMessage());
        }
        Runtime.getRuntime().halt(0);
    }
}
