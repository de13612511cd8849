package dev.flover.benchmarks.fusion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchFusionCommandTest {
    @TempDir
    private Path folder;

    @Test
    void aSmallRunWritesFiguresOfEveryStrategyAndOneFileToLookAt() throws IOException {
        var json = folder.resolve("fusion.json");
        var html = folder.resolve("fusion.html");
        var trace = Files.writeString(folder.resolve("trace.csv"), """
                TIMESTAMP,ContextTokens,GeneratedTokens
                2023-11-16 18:15:46.6805900,30,44
                2023-11-16 18:15:50.9951690,20,109
                2023-11-16 18:15:51.2225170,90,55
                2023-11-16 18:15:51.3,11,20
                2023-11-16 18:15:51.3,11,20
                """);
        var run = Console.run("bench", "fusion", "--divisor", "40", "--requests", "5", "--tokens", "8",
                "--arrivals", "exponential:100", "--lengths", "uniform", "--trace", trace.toString(),
                "--repeat", "1", "--instances", "2", "--via-kafka", "--json", json.toString(),
                "--html", html.toString());

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("exponential:100, uniform lengths", "the paper, and 2000 simulated draws",
                "fusion, paged, via Kafka");
        var report = new ObjectMapper().readTree(json.toFile());
        assertThat(report.get("scenarios")).hasSize(2);
        for (var scenario : report.get("scenarios")) {
            assertThat(scenario.get("counted_iterations")).isEqualTo(scenario.get("simulated_iterations"));
            assertThat(scenario.get("completions_agree").asBoolean()).isTrue();
            assertThat(scenario.get("outcomes")).extracting(outcome -> outcome.get("strategy").asText())
                    .containsExactly("one", "instances", "turns", "window:2000", "contiguous", "reordered", "paged",
                            "kafka");
            assertThat(scenario.get("outcomes")).allSatisfy(outcome -> {
                assertThat(outcome.get("same_tokens").asBoolean()).isTrue();
                assertThat(outcome.get("makespan_s").asDouble()).isPositive();
                assertThat(outcome.get("iterations").asLong()).isPositive();
                assertThat(outcome.get("latencies_ms")).hasSize(5);
            });
        }
        assertThat(Files.readString(html)).contains("Chart.js v4.5.1", "\"scenarios\":[")
                .doesNotContain("<!--library-->", "<!--figures-->", "<script src", "<link");
    }

    @Test
    void saysWhatIsWrongWithAnOption() {
        assertThat(error("--arrivals", "often")).contains("--arrivals must be constant:MS or exponential:MS");
        assertThat(error("--lengths", "long")).contains("--lengths must be equal or uniform, was long");
        assertThat(error("--strategies", "magic")).contains("--strategies must be one, instances").contains("magic");
        assertThat(error("--strategies", "window:x")).contains("window:x");
        assertThat(error("--requests", "65")).contains("--requests must be in [1, 64], was 65");
        assertThat(error("--shape", "gpt-9")).contains("--shape must be gptj-6b, llama-13b or llama-33b");
        assertThat(error("--tokens", "4000")).contains("needs 4096 positions and the model has 2048");
        assertThat(error("--backend", "none")).contains("there is no backend named none");
        assertThat(error("--repeat", "0")).contains("--repeat must be at least 1, was 0");
    }

    private static String error(String option, String value) {
        var run = Console.run("bench", "fusion", "--divisor", "64", option, value);
        assertThat(run.code()).as(run.out()).isEqualTo(2);
        return run.err();
    }
}
