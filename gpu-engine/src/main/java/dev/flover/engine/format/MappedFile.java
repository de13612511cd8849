package dev.flover.engine.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Maps whole files of any size into memory, read-only.
public final class MappedFile {
    private MappedFile() {}

    public static MemorySegment map(Path file, Arena arena) {
        if (Files.notExists(file)) {
            throw new ModelFileException(file, "there is no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new ModelFileException(file, "is not a file");
        }
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw new ModelFileException(file, "cannot be read: " + e.getMessage(), e);
        }
    }
}
