package dev.flover.engine.format;

import dev.flover.engine.model.Model;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/// Opens whatever a user points `--model` at.
public final class ModelLoader {
    private ModelLoader() {}

    /// Opens a GGUF file (or any part of a split one) or a Hugging Face folder.
    ///
    /// @throws ModelFileException if there is no usable model
    public static Model open(Path path) {
        return open(path, 0);
    }

    /// As [#open(Path)], for a model whose positions are stretched in two ways (LongRoPE): up to its original context
    /// it is exact as published for short texts, and that is what it gets unless more is asked for.
    ///
    /// @param contextLength positions to prepare for; 0 for the model's own choice. Rotary positions go beyond what a
    ///                      model was trained for, at the user's risk; learned ones end
    public static Model open(Path path, int contextLength) {
        var arena = Arena.ofShared();
        try {
            return open(path, contextLength, arena);
        } catch (ModelFileException e) {
            arena.close();
            throw e;
        } catch (IllegalArgumentException | ArithmeticException e) {      // the checks of the records it becomes
            arena.close();
            throw new ModelFileException(path, String.valueOf(e.getMessage()), e);
        }
    }

    private static Model open(Path path, int contextLength, Arena arena) {
        if (Files.isDirectory(path)) {
            return new FolderModel(path, contextLength).open(arena);
        }
        if (String.valueOf(path.getFileName()).endsWith(".safetensors")) {
            throw new ModelFileException(path, "is one file of a Hugging Face model; give the folder it is in");
        }
        return new GgufModel(GgufFile.open(path, arena), contextLength).open(arena);
    }
}
