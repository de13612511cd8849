package dev.flover.engine.format;

import dev.flover.engine.tensor.TensorFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A whole file of any size, mapped into memory, read-only; open as long as the arena of the mapping.
public record MappedFile(TensorFile file, MemorySegment bytes) {
    public static MappedFile map(Path file, Arena arena) {
        if (Files.notExists(file)) {
            throw new ModelFileException(file, "there is no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new ModelFileException(file, "is not a file");
        }
        try {
            var channel = FileChannel.open(file, StandardOpenOption.READ);
            closeWith(arena, channel);
            var bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            return new MappedFile(new TensorFile(file, channel, bytes), bytes);
        } catch (IOException e) {
            throw new ModelFileException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("restricted")
    private static void closeWith(Arena arena, FileChannel channel) {
        MemorySegment.NULL.reinterpret(arena, _ -> {
            try {
                channel.close();
            } catch (IOException _) {
                // nothing was written to it
            }
        });
    }
}
