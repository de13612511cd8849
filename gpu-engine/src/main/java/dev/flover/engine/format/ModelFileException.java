package dev.flover.engine.format;

import java.nio.file.Path;

/// Thrown for a model file that cannot be used. The message is one sentence for a person: the file, what was expected,
/// what was found and where.
public class ModelFileException extends RuntimeException {
    public ModelFileException(Path file, String problem) {
        super(file + ": " + problem);
    }

    public ModelFileException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
