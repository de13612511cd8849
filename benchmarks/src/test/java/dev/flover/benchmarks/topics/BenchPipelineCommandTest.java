package dev.flover.benchmarks.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BenchPipelineCommandTest {
    @Test
    void reportsTheShareOfTheBareEngineAndHowLongRequestsWait() throws IOException {
        var run = Console.run("bench", "pipeline", "--requests", "6", "--live", "4", "--prompt-tokens", "4",
                "--gen-tokens", "8", "--warm-up-s", "0", "--repeat", "1", "--partitions", "2", "--json");

        assertThat(run.code()).as(run.err()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        var saturation = report.get("saturation");
        assertThat(saturation.get("tokens_per_s").asDouble()).isPositive();
        assertThat(saturation.get("share").asDouble()).isEqualTo(
                saturation.get("tokens_per_s").asDouble() / saturation.get("bare_tokens_per_s").asDouble());
        assertThat(saturation.get("changelog_bytes_per_token").asDouble()).isPositive();
        var arriving = report.get("arriving");
        assertThat(arriving.get("first_token_ms").get("p99").asDouble())
                .isGreaterThanOrEqualTo(arriving.get("first_token_ms").get("p50").asDouble())
                .isGreaterThan(0);
    }

    @Test
    void saysWhatIsWrongWithAnOption() {
        var run = Console.run("bench", "pipeline", "--load", "0");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--load must be in (0, 10], was 0");
    }

    @Test
    void saysThatRequestsDoNotFitTheContext() {
        var run = Console.run("bench", "pipeline", "--prompt-tokens", "90000");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("do not fit the model's context of");
    }
}
