package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePagesTest {
    @TempDir
    private Path folder;

    @Test
    void pagesThatAFileHasLostCannotBeReadAndTheOthersCan() throws IOException {
        try (var arena = Arena.ofConfined(); var file = new RandomAccessFile(folder.resolve("file").toFile(), "rw")) {
            file.setLength(1 << 20);
            var mapped = file.getChannel().map(MapMode.READ_ONLY, 0, 1 << 20, arena);
            var whole = FilePages.read(mapped);
            assumeThat(whole).as("MADV_POPULATE_READ, from Linux 5.14 on").isNotEqualTo(FilePages.Result.UNKNOWN);
            assertThat(whole).isEqualTo(FilePages.Result.READ);
            assertThat(FilePages.read(mapped.asSlice(5000, 1))).isEqualTo(FilePages.Result.READ);

            file.setLength(1 << 18);
            assertThat(FilePages.read(mapped)).isEqualTo(FilePages.Result.FAILED);
            assertThat(FilePages.read(mapped.asSlice((1 << 20) - 1, 1))).isEqualTo(FilePages.Result.FAILED);
            assertThat(FilePages.read(mapped.asSlice(0, 1 << 18))).isEqualTo(FilePages.Result.READ);
        }
    }
}
