package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.cpu.kernels.KernelChoices;
import dev.flover.engine.backend.cpu.kernels.VectorKernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptChoicesTest {
    @TempDir
    private Path folder;

    @Test
    void choicesAreMeasuredOnceAndThenReadFromTheFile() throws IOException {
        String name;
        try (var backend = Backends.open("cpu", 1)) {
            name = backend.name();
        }
        assumeFalse(name.equals("cpu-java"), "the build had no C compiler");
        var file = folder.resolve("not/yet/there");

        String first = Backends.tune(name, 1, file).orElseThrow();
        assertThat(first).endsWith("(measured now, and kept in " + file + ")");
        assertThat(Files.readString(file)).contains("chunk-blocks=").contains("1 threads");

        String second = Backends.tune(name, 1, file).orElseThrow();
        assertThat(second).isEqualTo(first.replace("measured now, and ", ""));
        assertThat(Backends.tune(name, 2, file).orElseThrow()).as("another number of threads").contains("measured now");
    }

    @Test
    void aFileOfAnotherProcessorOrFormatIsNotUsed() throws IOException {
        var kernels = new VectorKernels();
        var file = folder.resolve("kernels");
        var kept = new KeptChoices(file, kernels, 2);
        assertThat(kept.read()).isNull();
        assertThat(kept.write(new KernelChoices(512, 32, 8, true))).isTrue();
        assertThat(kept.read()).isEqualTo(new KernelChoices(512, 32, 8, true));
        assertThat(new KeptChoices(file, kernels, 3).read()).isNull();

        String written = Files.readString(file);
        for (var wrong : new String[] {
            written.replace("chunk-blocks=8", "chunk-blocks=9"),
            written.replace("prefetching-rows=32", "prefetching-rows=x"),
            written.replace("ahead-bytes", "other"), "", "\\u12"}) {
            Files.writeString(file, wrong);
            assertThat(kept.read()).as(wrong).isNull();
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsSaid() throws IOException {
        var occupied = Files.writeString(folder.resolve("file"), "");
        assertThat(new KeptChoices(occupied.resolve("kernels"), new VectorKernels(), 1).write(KernelChoices.DEFAULT))
                .isFalse();
    }

    @Test
    void theVectorApiLeavesNoChoice() {
        assertThat(Backends.tune("cpu-java", 1, folder.resolve("kernels"))).isEmpty();
        assertThat(Backends.tune("reference", 1, folder.resolve("kernels"))).isEmpty();
    }
}
