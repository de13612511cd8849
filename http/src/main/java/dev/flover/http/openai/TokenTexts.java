package dev.flover.http.openai;

import org.jspecify.annotations.Nullable;

/// Converts text to token ids of the model and back, by the model's tokenizer.
public interface TokenTexts {
    int[] encode(String text);

    /// @throws IllegalArgumentException if an id is not in the vocabulary
    String decode(int[] ids);

    /// Returns the text of one token inside a longer text.
    String token(int id);

    /// Returns the most positions of a sequence.
    int contextLength();

    /// Returns the text of one token; its id in words if there is no tokenizer.
    static String of(@Nullable TokenTexts texts, int id) {
        return texts == null ? "token_id:" + id : texts.token(id);
    }
}
