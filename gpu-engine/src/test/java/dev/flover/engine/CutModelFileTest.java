package dev.flover.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.api.EngineException;
import dev.flover.engine.format.GgufFile;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.loading.TinyLlama;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A model file that is cut while it is loaded. Compiled kernels that read behind its end would end the process, so
/// they load it in a process of their own.
class CutModelFileTest {
    private static final String REPAIR = "; put the whole file there and start again (to replace a model, write the"
            + " new file beside it and rename it)";
    private static final String UNREADABLE = " cannot be read: the file was cut while it was loaded, or its disk has"
            + " failed" + REPAIR;
    private static final String EARLY = "blk.0.ffn_down.weight";
    private static final String LATE = "blk.3.ffn_down.weight";

    @TempDir
    private Path folder;

    private Path file;
    private long bytes;

    private void write(TensorType type) throws IOException {
        file = folder.resolve("tiny.gguf");
        TinyLlama.of(type, 1).withHidden(256).withFeedForward(512).withLayers(4).writer().write(file);
        bytes = Files.size(file);
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "F16"})
    void compiledKernelsDoNotReadBehindTheEnd(TensorType type) throws Exception {
        write(type);
        assertThat(packInAProcess()).isEqualTo(file + ": was cut while it was loaded: it had " + bytes
                + " bytes and has " + bytes / 4 + REPAIR);
    }

    /// Java code that reads behind the end throws an error, of which the engine makes a sentence.
    @ParameterizedTest
    @ValueSource(strings = {"cpu-java", "reference"})
    void javaCodeThatReadsBehindTheEndFailsWithASentence(String backend) throws IOException {
        write(TensorType.Q8_0);
        try (var model = ModelLoader.open(file)) {
            assertThatThrownBy(() -> Engine.start(model, Backends.open(backend, 2),
                    EngineConfig.of(1, 16).withKvBlocks(8), (layers, _) -> {
                        if (layers == 1) {
                            cut(file);
                        }
                    })).isInstanceOf(EngineException.class).hasMessage(file + ": a part of the weights" + UNREADABLE);
        }
    }

    private String packInAProcess() throws IOException, InterruptedException {
        var process = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + folder.resolve("crash.log"), "--add-modules",
                "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), Packing.class.getName(), file.toString()))
                .redirectErrorStream(true).start();
        try {
            var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(output).isZero();
            return output.lines().reduce("", (_, last) -> last); // behind warnings of the JVM
        } finally {
            process.destroyForcibly();
        }
    }

    private static void cut(Path file) {
        try (var open = new RandomAccessFile(file.toFile(), "rw")) {
            open.setLength(open.length() / 4);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A program that packs a matrix, cuts the file to a quarter of its length, packs another matrix, and prints the
    /// message of the failure.
    static final class Packing {
        private Packing() {}

        public static void main(String[] arguments) {
            var path = Path.of(arguments[0]);
            try (var arena = Arena.ofShared(); var backend = Backends.open("cpu", 2)) {
                var file = GgufFile.open(path, arena);
                backend.weight(Matrix.of(Role.DOWN, file.tensors().get(EARLY)));
                cut(path);
                backend.weight(Matrix.of(Role.DOWN, file.tensors().get(LATE)));
                System.out.println("it was packed");
            } catch (EngineException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
