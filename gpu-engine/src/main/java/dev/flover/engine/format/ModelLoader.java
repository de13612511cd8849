package dev.flover.engine.format;

import dev.flover.engine.model.Model;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;

/// Opens whatever a user points `--model` at.
public final class ModelLoader {
    private ModelLoader() {}

    /// Opens a GGUF file (or any part of a split one) or a Hugging Face folder.
    ///
    /// @throws ModelFileException if there is no usable model
    public static Model open(Path path) {
        return open(path, 0);
    }

    /// As [#open(Path)], for a context other than the model's own choice.
    ///
    /// A model with two sets of stretched positions (LongRoPE) gets those for short texts, and its original context,
    /// unless more is asked for here.
    ///
    /// @param contextLength positions to prepare for; 0 for the model's own choice. Rotary positions go beyond what a
    ///                      model was trained for, at the user's risk; learned ones end
    public static Model open(Path path, int contextLength) {
        return load(path, contextLength, (files, model) -> model);
    }

    /// Opens a model only to say what it is.
    ///
    /// @throws ModelFileException if there is no usable model
    public static ModelSummary inspect(Path path) {
        return load(path, 0, (files, model) -> {
            try (model) {
                return files.summary(model);
            }
        });
    }

    private static <T> T load(Path path, int contextLength, BiFunction<ModelFiles, Model, T> then) {
        var arena = Arena.ofShared();
        boolean loaded = false;
        try {
            var files = files(path, contextLength, arena);
            var model = files.model(arena);
            loaded = true;
            return then.apply(files, model);
        } catch (IllegalArgumentException | ArithmeticException e) {      // the checks of the records it becomes
            throw new ModelFileException(path, String.valueOf(e.getMessage()), e);
        } finally {
            if (!loaded) {
                arena.close();
            }
        }
    }

    private static ModelFiles files(Path path, int contextLength, Arena arena) {
        if (contextLength < 0) {
            throw new IllegalArgumentException("the context length must not be negative, was " + contextLength);
        }
        if (Files.isDirectory(path)) {
            return new FolderModel(path, contextLength, arena);
        }
        if (String.valueOf(path.getFileName()).endsWith(".safetensors")) {
            throw new ModelFileException(path, "is one file of a Hugging Face model; give the folder it is in");
        }
        return new GgufModel(GgufFile.open(path, arena), contextLength);
    }
}
