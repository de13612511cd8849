package dev.flover.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPInputStream;

/// Reference data of the tests, in `src/test/resources`. Each folder there has the licence of its files.
public final class TestData {
    private static final Path KEPT = Path.of("src", "test", "resources");
    private static final Path UNPACKED = Path.of("target", "test-data");

    private TestData() {}

    /// A file or a folder. A file that is kept as `NAME.gz` is unpacked into the folder of the build.
    public static Path of(String name) {
        var kept = KEPT.resolve(name);
        return Files.exists(kept) ? kept : unpack(name);
    }

    private static synchronized Path unpack(String name) {
        var file = UNPACKED.resolve(name);
        try (var packed = new GZIPInputStream(Files.newInputStream(KEPT.resolve(name + ".gz")))) {
            Files.createDirectories(file.getParent());
            Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("unpacking " + name, e);
        }
    }
}
