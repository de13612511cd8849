package dev.flover.benchmarks.constraints;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchConstraintsCommandTest {
    @TempDir
    private Path folder;

    @Test
    void schemasAreCountedByWhatBecameOfThem() throws IOException {
        Path file = Files.writeString(folder.resolve("schemas.jsonl"), """
                {"name": "a", "schema": {"type": "integer"}, "tests": [{"valid": true, "data": 7}, \
                 {"valid": false, "data": "x"}]}
                {"name": "b", "schema": {"$ref": "http://localhost/x"}, "tests": []}
                {"name": "c", "schema": {"type": "null"}, "tests": [{"valid": true, "data": 1}]}
                """);

        var run = Console.run("bench", "constraints", "--schemas", file.toString(), "--json", "--failures");

        assertThat(run.code()).isZero();
        var report = new ObjectMapper().readTree(run.out());
        assertThat(report.get("schemas").asInt()).isEqualTo(3);
        assertThat(report.get("passing").asInt()).isEqualTo(1);
        assertThat(report.get("compile_errors").asInt()).isEqualTo(1);
        assertThat(report.get("valid_refused").asInt()).isEqualTo(1);
        assertThat(report.get("invalid_accepted").asInt()).isZero();
        assertThat(report.get("mask_us").get("p999").asDouble()).isPositive();
        assertThat(run.err()).contains("b: refused: json_schema: $ref at /$ref").contains("c: refuses 1");
    }
}
