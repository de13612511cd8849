package dev.flover.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LoadBenchmarkTest {
    /// A short flood: more requests come than can be served, and all of them are answered in the end.
    @Test
    void aShortFloodIsAnsweredToTheLastRecordWithinItsMemory() throws Exception {
        var progress = new ByteArrayOutputStream();
        var plan = new LoadPlan(100, 1, 4, 4, 120, 0, 0.1, 256);

        var report = LoadBenchmark.run(plan, Path.of("..", "models", "novelist-f16.gguf"), new PrintStream(progress));

        assertThat(report.drained()).as(report.markdown()).isTrue();
        assertThat(report.answered()).isEqualTo(report.sent());
        assertThat(report.bad()).isPositive();
        assertThat(report.samples()).allSatisfy(sample -> assertThat(sample.heapMb()).isLessThanOrEqualTo(256));
        assertThat(report.markdown()).contains("between tokens", "| west | 10 % |", "each has its one answer");
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("sustainable:");
    }
}
