package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.model.TinyModels;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The bits that a backend computes must not depend on how the JVM runs its code: interpreted, compiled by C1, or
/// compiled by C2 while it runs.
///
/// The test of a backend extends this class and gives the backend's name.
public abstract class CompilationModeContract {
    protected abstract String backend();

    @Test
    void interpretedAndCompiledCodeGiveTheSameBits() throws Exception {
        var interpreted = generateIn("-Xint", 1);
        assertThat(generateIn("-XX:TieredStopAtLevel=1", 4)).isEqualTo(interpreted.repeat(4));
        assertThat(generateIn("-XX:+TieredCompilation", 8)).isEqualTo(interpreted.repeat(8));
    }

    private String generateIn(String mode, int rounds) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), mode, "-XX:+UseSerialGC",
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), Generation.class.getName(), backend(),
                Integer.toString(rounds)));
        var process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(mode).isZero();
            assertThat(output.lines()).as(mode).hasSize(rounds);
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    /// Generates the same requests several times, and prints one line for each round: all tokens, and the bits of all
    /// logprobs. In later rounds the JVM has compiled code that earlier rounds interpreted.
    static final class Generation {
        private Generation() {}

        public static void main(String[] arguments) {
            var requests = new RandomRequests(77, TinyModels.VOCABULARY).take(12);
            for (int round = 0; round < Integer.parseInt(arguments[1]); round++) {
                var generations = new Generations();
                var config = EngineConfig.of(6, 32).withPrefillChunk(16).withBlockTokens(8).withKvBlocks(100);
                try (var model = TinyModels.gemma(9);
                        var quantised = TinyModels.llama(10, TensorType.Q8_0)) {
                    var line = new StringBuilder();
                    for (var each : List.of(model, quantised)) {
                        try (var engine = Engine.start(each, Backends.open(arguments[0], 2), config)) {
                            var ids = new ArrayList<Long>();
                            for (var request : requests) {
                                ids.add(engine.admit(request));
                                generations.expect(ids.getLast(), request);
                            }
                            while (engine.step(generations)) {
                                // until all sequences have finished
                            }
                            ids.forEach(id -> line.append(generations.outcome(id)).append(' '));
                        }
                    }
                    System.out.println(line);
                }
            }
        }
    }
}
