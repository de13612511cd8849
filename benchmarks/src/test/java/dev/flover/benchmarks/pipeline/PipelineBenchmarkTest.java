package dev.flover.benchmarks.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.benchmarks.pipeline.PipelineBenchmark.Size;
import dev.flover.engine.format.ModelLoader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PipelineBenchmarkTest {
    @Test
    void aSmallRunReportsBothRates() {
        var report = new ByteArrayOutputStream();
        try (var model = ModelLoader.open(Path.of("..", "models", "novelist-f16.gguf"))) {
            new PipelineBenchmark(model, "cpu", new Size(4, 8, 1, 2), new PrintStream(report)).run();
        }
        assertThat(report.toString(StandardCharsets.UTF_8))
                .contains("bare engine", "% of the bare engine", "first committed token");
    }
}
