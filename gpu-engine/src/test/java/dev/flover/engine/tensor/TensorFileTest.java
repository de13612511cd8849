package dev.flover.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorFileTest {
    private static final int START = 8;

    @TempDir
    private Path folder;

    /// An interrupt closes a channel for all threads; those that read later need the rest of the file nevertheless.
    @Test
    void anInterruptedThreadTakesTheFileFromNobody() throws IOException {
        byte[] bytes = new byte[START + 64];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) i;
        }
        var path = Files.write(folder.resolve("model"), bytes);
        try (var arena = Arena.ofConfined(); var channel = FileChannel.open(path)) {
            var mapped = channel.map(MapMode.READ_ONLY, 0, bytes.length, arena);
            var file = new TensorFile(path, channel, mapped);
            var tensor = new StoredTensor("weight", TensorType.F32, 4, 4, mapped.asSlice(START, 64), file);

            assertThat(read(tensor, file)).containsExactly(12, 13, 14, 15);
            Thread.currentThread().interrupt();
            assertThat(read(tensor, file)).containsExactly(12, 13, 14, 15);
            assertThat(Thread.interrupted()).as("the thread is still interrupted").isTrue();
            assertThat(channel.isOpen()).isFalse();
            assertThat(read(tensor, file)).containsExactly(12, 13, 14, 15);
            assertThat(file.problem()).isEmpty();
        }
    }

    private static byte[] read(StoredTensor tensor, TensorFile file) throws IOException {
        var to = ByteBuffer.allocateDirect(4);
        file.read(tensor, 4, to);
        assertThat(to.hasRemaining()).isFalse();
        byte[] read = new byte[4];
        to.flip().get(read);
        return read;
    }
}
