package dev.flover.app.http;

import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.http.openai.TokenTexts;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The tokenizer of a model in the form that the bridge uses.
///
/// @param contextLength the most positions of a sequence; 0 if only the tokenizer was opened
public record ModelTexts(Tokenizer tokenizer, int contextLength) implements TokenTexts {
    /// Returns the tokenizer of a model; null if its file has none.
    public static @Nullable ModelTexts of(Model model) {
        return model.tokenizer() == null ? null : new ModelTexts(model.tokenizer(), model.config().contextLength());
    }

    @Override
    public int[] encode(String text) {
        return tokenizer.encodePrompt(text);
    }

    @Override
    public String decode(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= tokenizer.vocabulary()) {
                throw new IllegalArgumentException("token ids must be in [0, " + (tokenizer.vocabulary() - 1)
                        + "], was " + id);
            }
        }
        return tokenizer.decode(ids);
    }

    @Override
    public String token(int id) {
        return new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
    }
}
