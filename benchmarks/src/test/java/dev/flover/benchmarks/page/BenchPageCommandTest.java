package dev.flover.benchmarks.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BenchPageCommandTest {
    @Test
    void reportsTheTimeOfAStepAndTheRatiosOfARecordAndAnOpenPage() throws IOException {
        var run = Console.run("bench", "page", "--live", "4", "--steps", "5", "--rounds", "3", "--json");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        assertThat(report.get("live").asInt()).isEqualTo(4);
        for (String figure : new String[] {"steps_per_s", "step_ms", "ratio_recording", "ratio_page_open"}) {
            assertThat(report.get(figure).asDouble()).as(figure).isPositive();
        }
    }
}
