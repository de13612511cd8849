package dev.flover.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

/// Text to token ids and back. Immutable and safe to share between threads.
public interface Tokenizer {
    int vocabulary();

    /// Token ids of a text, without special tokens around it.
    ///
    /// @param text         any string; lone surrogates are encoded as U+FFFD
    /// @param parseSpecial whether the spelling of a special token in the text (`<|eot_id|>`) becomes that token; a
    ///                     client's prompt says no, a rendered chat template says yes
    int[] encode(String text, boolean parseSpecial);

    /// Token ids of a text whose markup counts, but for what `unmark` brings back: that is text, whatever it spells.
    ///
    /// @param unmark turns a part of the text into what it stands for; most parts stay as they are
    default int[] encodeMarked(String text, UnaryOperator<String> unmark) {
        return encode(unmark.apply(text), true);
    }

    /// The longest markup that a text spells from a place on; empty where it spells none there.
    default String markupAt(String text, int place) {
        return "";
    }

    /// What the model expects before a prompt, or -1 for nothing.
    int beginOfText();

    /// The bytes a token stands for in running text; empty for control tokens. The caller must not change them.
    byte[] bytes(int token);

    /// Whether the token is markup rather than text.
    boolean isControl(int token);

    /// How markup is written where it is parsed (`<|eot_id|>`), for chat templates; empty for other tokens and for -1.
    default String spelling(int token) {
        return "";
    }

    /// The token that is spelled so where markup is parsed, or -1.
    default int idOf(String spelling) {
        return -1;
    }

    /// Whether the first token of a text stands for a space that the text does not have (SentencePiece's dummy prefix).
    boolean stripsLeadingSpace();

    /// The text of tokens that begin one, markup left out; bytes that are not UTF-8 become U+FFFD. [AnswerText] does it
    /// as tokens arrive.
    default String decode(int[] tokens) {
        var bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(bytes(token));
        }
        String text = bytes.toString(StandardCharsets.UTF_8);
        return stripsLeadingSpace() && text.startsWith(" ") ? text.substring(1) : text;
    }

    /// Token ids of a prompt: the text's, after the begin-of-text token where the model expects one.
    default int[] encodePrompt(String text) {
        int[] ids = encode(text, false);
        if (beginOfText() < 0) {
            return ids;
        }
        int[] prompt = new int[ids.length + 1];
        prompt[0] = beginOfText();
        System.arraycopy(ids, 0, prompt, 1, ids.length);
        return prompt;
    }
}
