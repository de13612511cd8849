package dev.flover.benchmarks.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BenchAttentionCommandTest {
    @ParameterizedTest
    @ValueSource(ints = {16, 8})
    void eachNumberOfPositionsAndSequencesIsMeasuredFromTheCachesAndFromMemory(int kvBits) throws IOException {
        var run = Console.run("bench", "attention", "--backend", "cpu", "--positions", "32,320", "--sequences", "1,2",
                "--heads", "6", "--kv-heads", "2", "--head-dim", "16", "--kv-bits", Integer.toString(kvBits),
                "--memory-mb", "1", "--seconds", "0", "--json");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        var results = report.get("results");
        assertThat(results).extracting(layer -> layer.get("positions").asInt() + " " + layer.get("sequences").asInt()
                        + " " + layer.get("from_memory").asBoolean())
                .containsExactly("32 1 false", "32 1 true", "32 2 false", "32 2 true",
                        "320 1 false", "320 1 true", "320 2 false", "320 2 true");
        assertThat(results).allSatisfy(layer -> {
            double nanos = layer.get("us").asDouble() * 1e3;
            double pairs = (double) layer.get("positions").asInt() * layer.get("sequences").asInt();
            assertThat(layer.get("gflops").asDouble() * nanos / (4 * 6 * 16 * pairs)).isBetween(0.999, 1.001);
            // 2 key heads of 16 numbers, as many values, and in 8 bits a scale of 4 bytes for each
            double bytes = kvBits == 16 ? 2 * 2 * 16 * 2 : 2 * 2 * (16 + 4);
            assertThat(layer.get("gbytes_per_s").asDouble() * nanos / (bytes * pairs)).isBetween(0.999, 1.001);
            assertThat(layer.get("of_limit").asDouble() * report.get("float_gflops").asDouble()
                    / layer.get("gflops").asDouble()).isBetween(0.999, 1.001);
        });
    }

    @Test
    void aPersonReadsTheLimitsAndThenALineForEachCase() {
        var run = Console.run("bench", "attention", "--backend", "cpu", "--positions", "16", "--sequences", "1",
                "--heads", "2", "--kv-heads", "1", "--head-dim", "16", "--memory-mb", "0", "--seconds", "0");

        assertThat(run.out()).containsSubsequence("GB/s from memory", "attention of 2 query heads and 1 key heads",
                "of read rate", "caches");
        assertThat(run.out()).doesNotContain("memory ");
    }

    @Test
    void wrongOptionsAreExplained() {
        assertThat(Console.run("bench", "attention", "--kv-heads", "5").err())
                .contains("--kv-heads must divide the 32 query heads of --heads, was 5");
        assertThat(Console.run("bench", "attention", "--head-dim", "20").err())
                .contains("--head-dim must be a multiple of 16, was 20");
        assertThat(Console.run("bench", "attention", "--kv-bits", "4").err())
                .contains("a number in the KV cache has 8 or 16 bits, found 4");
        assertThat(Console.run("bench", "attention", "--positions", "1000000", "--sequences", "1000",
                "--seconds", "0").err())
                .contains("keys and values of 1000 x 1000000 positions in 1 layer do not fit")
                .contains("fewer --positions");
        assertThat(Console.run("bench", "attention", "--backend", "reference").err()).contains("choose cpu");
    }
}
