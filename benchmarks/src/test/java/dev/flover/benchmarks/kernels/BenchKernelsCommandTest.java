package dev.flover.benchmarks.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class BenchKernelsCommandTest {
    @Test
    void eachTypeIsMeasuredFromTheCachesAndFromMemory() throws IOException {
        var run = Console.run("bench", "kernels", "--backend", "cpu", "--types", "Q4_K,F16", "--rows", "1,3",
                "--outputs", "100", "--inputs", "256", "--memory-mb", "1", "--seconds", "0", "--json");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        assertThat(report.get("int8_gops").asDouble()).isPositive();
        var products = report.get("products");
        assertThat(products).extracting(product -> product.get("type").asText() + " " + product.get("rows").asInt()
                        + " " + product.get("from_memory").asBoolean())
                .containsExactly("Q4_K 1 false", "Q4_K 1 true", "Q4_K 3 false", "Q4_K 3 true",
                        "F16 1 false", "F16 1 true", "F16 3 false", "F16 3 true");
        assertThat(products).allSatisfy(product -> {
            double nanos = product.get("us").asDouble() * 1e3;
            double operations = 2.0 * product.get("rows").asInt() * 100 * 256;
            assertThat(product.get("gops").asDouble() * nanos / operations).isBetween(0.999, 1.001);
            // 4.5 bits a weight and padding to seven panels of sixteen; 16 bits
            double bytes = product.get("gbytes_per_s").asDouble() * nanos;
            assertThat(bytes).isBetween(100 * 256 * 0.56, 100 * 256 * 2.3);
            boolean isFloat = product.get("type").asText().equals("F16");
            double limit = report.get(isFloat ? "float_gflops" : "int8_gops").asDouble();
            assertThat(product.get("of_limit").asDouble() * limit / product.get("gops").asDouble())
                    .isBetween(0.999, 1.001);
        });
    }

    @Test
    void aPersonReadsTheLimitsAndThenALineForEachProduct() {
        var run = Console.run("bench", "kernels", "--backend", "cpu", "--types", "Q8_0", "--rows", "2", "--outputs",
                "32", "--inputs", "256", "--memory-mb", "0", "--seconds", "0");

        assertThat(run.out()).containsSubsequence("GOP/s in int8", "matrices of 32 x 256", "of read rate", "Q8_0");
        assertThat(run.out()).doesNotContain("memory ");
    }

    @Test
    void wrongOptionsAreExplained() {
        assertThat(Console.run("bench", "kernels", "--inputs", "300").err())
                .contains("--inputs must be a multiple of 256, was 300");
        assertThat(Console.run("bench", "kernels", "--seconds", "NaN").err()).contains("--seconds must be in [0, 60]");
        assertThat(Console.run("bench", "kernels", "--backend", "reference").err()).contains("choose cpu");
    }
}
