package dev.flover.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// Reference data in a folder beside the repository; it is not part of the repository.
public final class SharedData {
    private SharedData() {}

    /// The path of a file or folder of the reference data. Skips the test if it does not exist. `-Dflover.data=DIR`
    /// sets another folder.
    public static Path require(String name) {
        var root = Path.of(System.getProperty("flover.data", "../../shared/data"));
        var path = root.resolve(name);
        Assumptions.assumeTrue(Files.exists(path), () -> "no reference data at " + path.toAbsolutePath().normalize());
        return path;
    }
}
