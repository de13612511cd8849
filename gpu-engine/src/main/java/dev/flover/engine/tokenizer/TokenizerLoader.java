package dev.flover.engine.tokenizer;

import dev.flover.engine.format.GgufFile;
import dev.flover.engine.format.ModelFileException;
import java.nio.file.Path;

/// Builds the tokenizer that a model was published with. A vocabulary is untrusted input.
public final class TokenizerLoader {
    private TokenizerLoader() {}

    /// @return null where the file has none (weights only)
    /// @throws ModelFileException if it is of a kind that is not supported, or contradicts itself
    public static Tokenizer fromGguf(GgufFile file) {
        return GgufTokenizerReader.read(file);
    }
}
