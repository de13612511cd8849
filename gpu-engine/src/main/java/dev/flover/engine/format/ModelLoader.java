package dev.flover.engine.format;

import dev.flover.engine.model.Model;
import java.nio.file.Path;

/// Opens whatever a user points `--model` at.
public final class ModelLoader {
    private ModelLoader() {}

    /// Opens a GGUF file (or the first part of a split one) or a Hugging Face folder.
    ///
    /// @throws ModelFileException if there is no usable model
    public static Model open(Path path) {
        throw new ModelFileException(path, "being written");
    }
}
