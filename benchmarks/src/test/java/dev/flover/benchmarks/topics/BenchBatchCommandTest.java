package dev.flover.benchmarks.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import java.util.List;
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
        for (String name : List.of("/first_token_alone", "/first_token_beside")) {
            var tokens = report.at(name);
            assertThat(tokens.at("/ms/p99").asDouble()).as(name)
                    .isGreaterThanOrEqualTo(tokens.at("/ms/p50").asDouble()).isPositive();
            assertThat(tokens.at("/mean_waited_ms").asDouble()).as(name).isNotNegative();
            assertThat(tokens.at("/mean_topics_ms").asDouble()).as(name).isPositive();
            assertThat(tokens.get("counted").asInt()).as(name).isEqualTo(2);
        }
        assertThat(run.err()).doesNotContain("interrupted");
    }
}
