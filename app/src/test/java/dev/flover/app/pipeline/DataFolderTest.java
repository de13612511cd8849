package dev.flover.app.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.app.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    @Test
    void aFolderIsMadeWhereItIsMissingAndNothingIsLeftInIt(@TempDir Path parent) throws IOException {
        var folder = parent.resolve("a/b");
        DataFolder.require(folder);
        DataFolder.require(folder);
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void upSaysWhyItsDataCannotBeInAPlaceBeforeItLoadsAModel(@TempDir Path parent) throws IOException {
        var file = Files.createFile(parent.resolve("file"));
        assertThat(up(file)).isEqualTo("flover: the data folder " + file + " cannot be used: " + file
                + " already exists; give --data a folder that can be written to\n");
        assertThat(up(file.resolve("folder"))).contains("cannot be used: " + file, "Not a directory; give --data");
    }

    @Test
    void upSaysThatNothingCanBeMadeInASystemFolder() {
        Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self")), "this system has no /proc");
        assertThat(up(Path.of("/proc/nope"))).isEqualTo("flover: the data folder /proc/nope cannot be used: no file "
                + "can be created there; give --data a folder that can be written to\n");
    }

    private static String up(Path data) {
        var run = Console.run("up", "--embedded", "--model", "no-model.gguf", "--data", data.toString());
        assertThat(run.code()).isEqualTo(1);
        return run.err();
    }
}
