package dev.flover.engine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Small models that transformers wrote, in `../shared/data` beside the checkout. They are not part of the repository.
public final class SharedModels {
    private static final Path DATA = Path.of("..", "..", "shared", "data").toAbsolutePath().normalize();

    private SharedModels() {}

    /// The folders with `config.json`, `model.safetensors` and `reference.json`; skips the test if there are none.
    public static List<Path> folders() {
        assumeTrue(Files.isDirectory(DATA.resolve("tiny-models-today")),
                "needs the folder tiny-models-today in " + DATA);
        var folders = new ArrayList<Path>();
        for (String group : List.of("tiny-models", "tiny-models-today")) {
            try (var models = Files.list(DATA.resolve(group))) {
                models.filter(Files::isDirectory).sorted().forEach(folders::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folders;
    }
}
