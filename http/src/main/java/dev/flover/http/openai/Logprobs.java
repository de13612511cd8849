package dev.flover.http.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.Alternative;
import dev.flover.schemas.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes logprobs in the two forms of OpenAI's API.
final class Logprobs {
    private Logprobs() {}

    /// Adds logprobs in the form of a chat: `{"content": [{"token", "logprob", "bytes", "top_logprobs"}]}`.
    static void addToChat(ObjectNode logprobs, List<TokenLogprob> tokens, @Nullable TokenTexts texts) {
        var content = logprobs.withArray("content");
        for (var token : tokens) {
            var one = token(content, token.getTokenId(), token.getLogprob(), texts);
            var top = one.putArray("top_logprobs");
            for (var other : token.getAlternatives()) {
                token(top, other.getTokenId(), other.getLogprob(), texts);
            }
        }
    }

    private static ObjectNode token(ArrayNode array, int id, float logprob, @Nullable TokenTexts texts) {
        var one = array.addObject();
        String text = TokenTexts.of(texts, id);
        one.put("token", text).put("logprob", logprob);
        if (texts == null) {
            one.putNull("bytes");
        } else {
            var bytes = one.putArray("bytes");
            for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
                bytes.add(each & 0xff);
            }
        }
        return one;
    }

    /// Adds logprobs in the form of a completion: `{"tokens", "token_logprobs", "top_logprobs", "text_offset"}`.
    ///
    /// @param offset number of characters of the answer before these tokens
    /// @return number of characters of the answer including these tokens
    static int addToText(ObjectNode logprobs, List<TokenLogprob> tokens, @Nullable TokenTexts texts, int offset) {
        int behind = offset;
        for (var token : tokens) {
            String text = TokenTexts.of(texts, token.getTokenId());
            logprobs.withArray("tokens").add(text);
            logprobs.withArray("token_logprobs").add(token.getLogprob());
            var top = logprobs.withArray("top_logprobs").addObject();
            for (Alternative other : token.getAlternatives()) {
                top.put(TokenTexts.of(texts, other.getTokenId()), other.getLogprob());
            }
            logprobs.withArray("text_offset").add(behind);
            behind += text.length();
        }
        return behind;
    }
}
