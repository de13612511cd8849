package dev.flover.http.openai;

/// Text and token ids of the model, where the bridge has its tokenizer.
public interface TokenTexts {
    int[] encode(String text);

    /// @throws IllegalArgumentException if one of them is no token
    String decode(int[] ids);

    /// What one token stands for in running text.
    String token(int id);

    /// Most positions of a sequence.
    int contextLength();

    /// The text of one token; where there is no tokenizer, its number.
    static String of(TokenTexts texts, int id) {
        return texts == null ? "token_id:" + id : texts.token(id);
    }
}
