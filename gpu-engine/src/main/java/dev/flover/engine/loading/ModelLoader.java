package dev.flover.engine.loading;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.model.Model;
import dev.flover.engine.tensor.TensorFile;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.engine.tokenizer.TokenizerLoader;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Opens the model at a path that a user gives, of whichever supported format.
public final class ModelLoader {
    private ModelLoader() {}

    /// Opens a GGUF file (or any part of a split one) or a Hugging Face folder.
    ///
    /// @throws ModelFileException if there is no usable model
    public static Model open(Path path) {
        return open(path, 0);
    }

    /// As [#open(Path)], with a context length other than the one that the model was trained for.
    ///
    /// @param contextLength the most positions of a sequence; 0 for the model's own. Rotary positions can exceed the
    ///                      trained context, with a loss of quality that the user accepts; learned positions cannot
    public static Model open(Path path, int contextLength) {
        return load(path, contextLength, (files, arena) -> files.model(arena), true);
    }

    /// Describes a model, or a file that holds only a vocabulary, without keeping it open.
    ///
    /// @param contextLength as in [#open(Path, int)]
    /// @throws ModelFileException if the path holds neither
    public static ModelSummary inspect(Path path, int contextLength) {
        return load(path, contextLength, (files, arena) ->
                files.vocabularyAlone().orElseGet(() -> files.summary(files.model(arena))), false);
    }

    /// The tokenizer of a model, or of a file that holds only a vocabulary; null if there is none.
    ///
    /// @throws ModelFileException if there is no usable file
    public static @Nullable Tokenizer openTokenizer(Path path) {
        if (Files.isDirectory(path)) {
            return TokenizerLoader.fromHuggingFace(path);
        }
        try (var arena = Arena.ofShared()) {
            return TokenizerLoader.fromGguf(GgufFile.open(path, arena));
        }
    }

    private static <T> T load(
            Path path, int contextLength, BiFunction<ModelFiles, Arena, T> then, boolean keepsMapping) {
        var arena = Arena.ofShared();
        boolean kept = false;
        try {
            T loaded = then.apply(files(path, contextLength, arena), arena);
            kept = keepsMapping;
            return loaded;
        // thrown by the checks of the records that are made from the file
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ModelFileException(path, String.valueOf(e.getMessage()), e);
        } catch (InternalError e) {
            throw unreadable(path, e);
        } finally {
            if (!kept) {
                arena.close();
            }
        }
    }

    /// Thrown where the file was cut while its mapping was read, or cannot be read.
    private static Error unreadable(Path path, InternalError e) {
        if (TensorFile.isUnreadable(e)) {
            throw new ModelFileException(path, "cannot be read: it was cut while it was loaded, or its disk has failed",
                    e);
        }
        return e;
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
