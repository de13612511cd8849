package dev.flover.benchmarks.loading;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.benchmarks.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchLoadingCommandTest {
    @TempDir
    private Path folder;

    @Test
    void reportsSecondsAndMemoryOfEachWay() throws IOException {
        var run = Console.run("bench", "loading", "--backend", "cpu", "--rounds", "1", "--packed-weights",
                folder.toString(), "--copy-to", folder.toString(), "--json");

        assertThat(run.err()).isEmpty();
        assertThat(run.code()).isZero();
        var ways = new ObjectMapper().readTree(run.out()).get("ways");
        assertThat(ways.findValuesAsText("way"))
                .containsExactly("cp the file", "copy the file", "pack", "pack and keep", "map kept weights");
        for (var way : ways) {
            for (String figure : new String[] {"seconds", "of_cp", "of_copy"}) {
                assertThat(way.get(figure).asDouble()).as(figure).isPositive();
            }
        }
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aFolderIsRefused() {
        var run = Console.run("bench", "loading", "--model", folder.toString(), "--backend", "cpu");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("one GGUF file, found " + folder).doesNotContain("Exception");
    }
}
