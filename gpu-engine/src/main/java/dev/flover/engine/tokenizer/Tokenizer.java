package dev.flover.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

/// Converts text to token ids and back. Immutable and safe to share between threads.
public interface Tokenizer {
    int vocabulary();

    /// The token ids of a text, without special tokens around it.
    ///
    /// @param text         any string; lone surrogates are encoded as U+FFFD
    /// @param parseSpecial whether the spelling of a special token in the text (`<|eot_id|>`) becomes that token; false
    ///                     for a client's prompt, true for a rendered chat template
    int[] encode(String text, boolean parseSpecial);

    /// The token ids of a text in which markup is parsed, except in the parts that `unmark` changes: they are plain
    /// text, even if they spell markup.
    ///
    /// @param unmark receives each part of the text between markup, and returns its plain form, usually the same text
    default int[] encodeMarked(String text, UnaryOperator<String> unmark) {
        return encode(unmark.apply(text), true);
    }

    /// The longest markup that the text spells from a position on; empty if it spells none there.
    default String markupAt(String text, int place) {
        return "";
    }

    /// The token that the model expects before a prompt, or -1 for none.
    int beginOfText();

    /// The bytes that a token stands for in running text; empty for control tokens. The caller must not change the
    /// array.
    byte[] bytes(int token);

    /// Whether the token is markup rather than text.
    boolean isControl(int token);

    /// The spelling of markup in a parsed text (`<|eot_id|>`), for chat templates; empty for other tokens and for -1.
    default String spelling(int token) {
        return "";
    }

    /// The markup token with this spelling, or -1.
    default int idOf(String spelling) {
        return -1;
    }

    /// Whether the first token of a text begins with a space that the text does not have (SentencePiece's dummy
    /// prefix).
    boolean stripsLeadingSpace();

    /// Decodes tokens from the beginning of a text, without markup; bytes that are not UTF-8 become U+FFFD.
    /// [AnswerText] decodes tokens one by one.
    default String decode(int[] tokens) {
        var bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(bytes(token));
        }
        String text = bytes.toString(StandardCharsets.UTF_8);
        return stripsLeadingSpace() && text.startsWith(" ") ? text.substring(1) : text;
    }

    /// The token ids of a prompt: those of the text, [#framed].
    default int[] encodePrompt(String text) {
        return framed(encode(text, false));
    }

    /// Token ids with the tokens around them that the model expects around a text: usually only the one that begins it.
    default int[] framed(int[] ids) {
        if (beginOfText() < 0) {
            return ids;
        }
        int[] prompt = new int[ids.length + 1];
        prompt[0] = beginOfText();
        System.arraycopy(ids, 0, prompt, 1, ids.length);
        return prompt;
    }
}
