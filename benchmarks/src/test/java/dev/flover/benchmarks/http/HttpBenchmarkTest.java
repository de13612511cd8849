package dev.flover.benchmarks.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.benchmarks.load.LoadBenchmark;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class HttpBenchmarkTest {
    @Test
    void aWrongNumberOfArgumentsShowsTheUsage() {
        for (var benchmark : List.of(new HttpBenchmark(), new LoadBenchmark())) {
            var errors = new StringWriter();

            int code = new CommandLine(benchmark).setErr(new PrintWriter(errors, true)).execute();

            assertThat(code).isEqualTo(2);
            assertThat(errors.toString()).contains("Missing required parameter", "Usage: ").doesNotContain("\tat ");
        }
    }

    @Test
    void allMeasurementsComeToTheirEnds() throws Exception {
        var report = HttpBenchmark.run(2, 5, 3, 50);

        assertThat(report.first().http().sorted()).hasSize(2);
        assertThat(report.first().kafka().percentile(0.5)).isPositive();
        assertThat(report.many().fromCommit().sorted()).hasSize(15);
        assertThat(report.many().fromCommit().percentile(0.01)).isPositive();
        assertThat(report.lines()).hasSize(10);
        assertThat(report.eager().lead().sorted()).hasSizeGreaterThan(2);
        assertThat(report.old().byPlace().sorted()).hasSize(50);
        assertThat(report.old().byEvent().percentile(0.5)).isPositive();
    }
}
