package dev.flover.benchmarks.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HttpBenchmarkTest {
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
