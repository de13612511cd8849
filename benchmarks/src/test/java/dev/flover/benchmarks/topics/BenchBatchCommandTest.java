package dev.flover.benchmarks.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BenchBatchCommandTest {
    @Test
    void reportsTheRateOfTheCommandAndHowLongOthersWait() throws IOException {
        var run = Console.run("bench", "batch", "--lines", "8", "--live", "4", "--prompt-tokens", "4", "--gen-tokens",
                "4", "--repeat", "1", "--others", "2", "--json");

        assertThat(run.code()).as(run.err()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        assertThat(report.get("share").asDouble()).isEqualTo(
                report.get("batch_tokens_per_s").asDouble() / report.get("topic_tokens_per_s").asDouble());
        assertThat(report.at("/first_token_ms_alone/p99").asDouble())
                .isGreaterThanOrEqualTo(report.at("/first_token_ms_alone/p50").asDouble()).isPositive();
        assertThat(report.get("counted_beside").asInt()).isEqualTo(2);
    }
}
