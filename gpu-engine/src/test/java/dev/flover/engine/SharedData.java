package dev.flover.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// Reference data that lies beside the repository and is not part of it.
public final class SharedData {
    private SharedData() {}

    /// A file or folder of it; the test is skipped where there is none. `-Dflover.data=DIR` says where else to look.
    public static Path require(String name) {
        var root = Path.of(System.getProperty("flover.data", "../../shared/data"));
        var path = root.resolve(name);
        Assumptions.assumeTrue(Files.exists(path), () -> "no reference data at " + path.toAbsolutePath().normalize());
        return path;
    }
}
