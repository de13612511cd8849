package dev.flover.http.openai;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Collects the chunks of an HTTP request's answers into one JSON object.
public final class WholeForm {
    private final AnswerParts parts;
    private final int answers;
    private final Map<Integer, Choice> choices = new TreeMap<>();
    private final AnswerParts.Usage usage = new AnswerParts.Usage();
    private String arithmetic = "";

    private static final class Choice {
        private final StringBuilder text = new StringBuilder();
        private final ObjectNode logprobs = JsonNodeFactory.instance.objectNode();
        private final ObjectNode promptLogprobs = JsonNodeFactory.instance.objectNode();
        private boolean hasLogprobs;
        private int offset;
        private @Nullable Finish finish;
    }

    /// @param answers number of answers to each prompt
    public WholeForm(AnswerParts parts, int answers) {
        this.parts = parts;
        this.answers = answers;
    }

    /// @throws ApiError if the answer failed
    public void add(int prompt, TokenChunk chunk) {
        var choice = choices.computeIfAbsent(prompt * answers + chunk.getAnswer(), none -> new Choice());
        choice.text.append(chunk.getText());
        if (chunk.getLogprobs() != null) {
            choice.hasLogprobs = true;
            if (parts.isChat()) {
                Logprobs.addToChat(choice.logprobs, chunk.getLogprobs(), parts.texts());
            } else {
                choice.offset = Logprobs.addToText(choice.logprobs, chunk.getLogprobs(), parts.texts(), choice.offset);
            }
        }
        if (chunk.getPromptLogprobs() != null) {
            Logprobs.addToChat(choice.promptLogprobs, chunk.getPromptLogprobs(), parts.texts());
        }
        var finish = chunk.getFinish();
        if (finish != null) {
            if (finish.getReason() == FinishReason.ERROR) {
                throw ApiError.failed(finish.getMessage());
            }
            choice.finish = finish;
            usage.add(prompt, finish);
            arithmetic = finish.getArithmetic();
        }
    }

    public ObjectNode whole() {
        var whole = parts.head(parts.isChat() ? "chat.completion" : "text_completion", arithmetic);
        var array = whole.putArray("choices");
        choices.forEach((index, choice) -> {
            var one = array.addObject().put("index", index);
            var finish = Objects.requireNonNull(choice.finish, "an answer has no end");
            var calls = finish.getToolCalls();
            if (parts.isChat()) {
                var message = one.putObject("message").put("role", "assistant");
                message.put("content", calls.isEmpty() ? choice.text.toString() : null).putNull("refusal");
                if (!calls.isEmpty()) {
                    AnswerParts.addCalls(message, calls, false);
                }
            } else {
                one.put("text", choice.text.toString());
            }
            if (choice.hasLogprobs) {
                one.set("logprobs", choice.logprobs);
            } else {
                one.putNull("logprobs");
            }
            if (!choice.promptLogprobs.isEmpty()) {
                one.set("prompt_logprobs", choice.promptLogprobs);
            }
            one.put("finish_reason", AnswerParts.reason(finish, parts.isChat()));
        });
        usage.write(whole);
        return whole;
    }
}
