package dev.flover.benchmarks.instances;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class BenchInstancesCommandTest {
    @Test
    @Tag("long")
    void noTokenIsMissingOrRepeatedWhileAnInstanceJoinsAndLeaves() throws IOException {
        var run = Console.run("bench", "instances", "--instances", "1", "--engines", "2", "--partitions", "4", "--live",
                "6", "--gen-tokens", "20", "--seconds", "1", "--json");

        assertThat(run.code()).as(run.err()).isZero();
        var row = new ObjectMapper().readTree(run.out()).get("rows").get(0);
        assertThat(row.get("instances").asInt()).isOne();
        assertThat(row.get("tokens_per_s").asDouble()).isPositive();
        assertThat(row.get("answers").asInt()).isGreaterThanOrEqualTo(12);
        assertThat(row.get("missing").asInt()).isZero();
        assertThat(row.get("repeated").asInt()).isZero();
    }

    @Test
    void saysWhatIsWrongWithAnOption() {
        var run = Console.run("bench", "instances", "--instances", "1,9");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--instances must be in [1, 8], was 9");
    }
}
