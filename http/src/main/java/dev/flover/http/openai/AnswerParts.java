package dev.flover.http.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.Finish;
import dev.flover.schemas.ToolCall;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The parts that stream events and whole answers share.
///
/// @param id      id of the answer
/// @param model   the model that the client asked for
/// @param created seconds since 1970
/// @param texts   the model's tokenizer; null if the bridge has none
public record AnswerParts(AnswerKind kind, String id, String model, long created, @Nullable TokenTexts texts) {
    ObjectNode head(String object, String arithmetic) {
        var head = JsonNodeFactory.instance.objectNode();
        head.put("id", id).put("object", object).put("created", created).put("model", model);
        if (!arithmetic.isEmpty()) {
            head.put("system_fingerprint", arithmetic);
        }
        return head;
    }

    boolean isChat() {
        return kind != AnswerKind.TEXT;
    }

    /// Returns the finish reason: `stop`, `length` or `tool_calls`; for an answer that did not end by itself
    /// `cancelled`, `expired` or `error`.
    static String reason(Finish finish, boolean chat) {
        return chat && !finish.getToolCalls().isEmpty() ? "tool_calls"
                : finish.getReason().name().toLowerCase(Locale.ROOT);
    }

    static void addCalls(ObjectNode message, List<ToolCall> calls, boolean indexed) {
        var array = message.putArray("tool_calls");
        for (int i = 0; i < calls.size(); i++) {
            var call = array.addObject();
            if (indexed) {
                call.put("index", i);
            }
            call.put("id", calls.get(i).getId()).put("type", "function");
            call.putObject("function").put("name", calls.get(i).getName())
                    .put("arguments", calls.get(i).getArguments());
        }
    }

    /// Counts the tokens of prompts and answers, as the last chunk of each answer states them.
    static final class Usage {
        private final Map<Integer, Integer> prompts = new HashMap<>();
        private int completion;

        void add(int prompt, Finish finish) {
            prompts.put(prompt, finish.getPromptTokens());
            completion += finish.getCompletionTokens();
        }

        void write(ObjectNode body) {
            int prompt = prompts.values().stream().mapToInt(Integer::intValue).sum();
            body.putObject("usage").put("prompt_tokens", prompt).put("completion_tokens", completion)
                    .put("total_tokens", prompt + completion);
        }
    }
}
