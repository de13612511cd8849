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
        var plan = LoadPlanBuilder.builder().calibration(100).calmSeconds(1).floodSeconds(4).factor(4)
                .drainSeconds(120).deadlineShare(0).badShare(0.1).heapMb(256).build();

        var report = LoadBenchmark.run(plan, Path.of("..", "models", "novelist-f16.gguf"), new PrintStream(progress));

        assertThat(report.drained()).as(report.markdown()).isTrue();
        assertThat(report.answered()).isEqualTo(report.sent());
        assertThat(report.bad()).isPositive();
        assertThat(report.samples()).allSatisfy(sample -> assertThat(sample.heapMb()).isLessThanOrEqualTo(256));
        assertThat(report.markdown()).contains("between tokens", "| west | 10 % |", "each has its one answer");
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("sustainable:");
    }
}
