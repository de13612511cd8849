package dev.flover.engine.tokenizer;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.ModelFileException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Builds the tokenizer with which a model was published. Vocabularies are untrusted input.
public final class TokenizerLoader {
    private static final List<String> OTHER_FORMATS =
            List.of("tiktoken.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json");

    private TokenizerLoader() {}

    /// @return null if the file has no tokenizer (weights only)
    /// @throws ModelFileException if the tokenizer is of an unsupported kind or contradicts itself
    public static @Nullable Tokenizer fromGguf(GgufFile file) {
        return GgufTokenizerReader.read(file);
    }

    /// Reads `tokenizer.json` of a folder, or else SentencePiece's `tokenizer.model`; and, for settings missing there,
    /// `tokenizer_config.json`.
    ///
    /// @return null if the folder has no tokenizer
    /// @throws ModelFileException if the tokenizer is of an unsupported kind or contradicts itself
    public static @Nullable Tokenizer fromHuggingFace(Path folder) {
        var file = folder.resolve("tokenizer.json");
        if (Files.exists(file)) {
            return HuggingFaceTokenizerReader.read(file, folder.resolve("tokenizer_config.json"));
        }
        if (Files.exists(folder.resolve("tokenizer.model"))) {
            return SentencePieceReader.read(folder);
        }
        for (String other : OTHER_FORMATS) {
            if (Files.exists(folder.resolve(other))) {
                throw new ModelFileException(folder, "has its tokenizer as " + other + ", which is not supported;"
                        + " save it with the transformers library as tokenizer.json");
            }
        }
        return null;
    }
}
