package dev.flover.http.openai;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Converts chunks to the events of a stream. A chunk yields at most one event, so that a stream can be resumed after
/// any event.
public final class EventForm {
    private final AnswerParts parts;
    /// Number of answers to each prompt.
    private final int answers;
    private final Set<Integer> begun = new HashSet<>();
    private final boolean fromBeginning;
    private final Map<Integer, StringBuilder> held = new HashMap<>();
    private final Map<Integer, Integer> offsets = new HashMap<>();
    private final AnswerParts.Usage usage = new AnswerParts.Usage();
    private String arithmetic = "";

    /// @param answers       number of answers to each prompt
    /// @param fromBeginning whether the stream starts at the beginning of the answers
    public EventForm(AnswerParts parts, int answers, boolean fromBeginning) {
        this.parts = parts;
        this.answers = answers;
        this.fromBeginning = fromBeginning;
    }

    /// Returns the event of a chunk; empty if the chunk has nothing to show yet.
    ///
    /// @param prompt number of the prompt that the chunk answers
    public Optional<ObjectNode> event(int prompt, TokenChunk chunk) {
        var finish = chunk.getFinish();
        if (finish != null) {
            usage.add(prompt, finish);
            arithmetic = finish.getArithmetic();
        }
        int index = prompt * answers + chunk.getAnswer();
        String text = visible(index, chunk, finish);
        boolean shows = !text.isEmpty() || finish != null || chunk.getLogprobs() != null
                || chunk.getPromptLogprobs() != null;
        if (!shows) {
            return Optional.empty();
        }
        var event = parts.head(parts.isChat() ? "chat.completion.chunk" : "text_completion", arithmetic);
        var choice = event.putArray("choices").addObject().put("index", index);
        if (parts.isChat()) {
            var delta = choice.putObject("delta");
            if (begun.add(index) && fromBeginning) {
                delta.put("role", "assistant");
            }
            if (finish != null && !finish.getToolCalls().isEmpty()) {
                AnswerParts.addCalls(delta, finish.getToolCalls(), true);
            } else if (!text.isEmpty() || finish == null) {
                delta.put("content", text);
            }
        } else {
            choice.put("text", text);
        }
        logprobs(choice, index, chunk);
        choice.put("finish_reason", finish == null ? null : AnswerParts.reason(finish, parts.isChat()));
        if (finish != null && finish.getReason() == FinishReason.ERROR) {
            event.set("error", ApiError.failed(finish.getMessage()).json().get("error"));
        }
        return Optional.of(event);
    }

    /// Returns the text that the event shows. If tools may be called, the text is held back until it is whole, since
    /// only then it is known whether it is a tool call.
    private String visible(int index, TokenChunk chunk, Finish finish) {
        if (parts.kind() != AnswerKind.CALLS) {
            return chunk.getText();
        }
        var text = held.computeIfAbsent(index, none -> new StringBuilder()).append(chunk.getText());
        return finish == null ? "" : text.toString();
    }

    private void logprobs(ObjectNode choice, int index, TokenChunk chunk) {
        if (chunk.getLogprobs() == null) {
            choice.putNull("logprobs");
        } else if (parts.isChat()) {
            Logprobs.addToChat(choice.putObject("logprobs"), chunk.getLogprobs(), parts.texts());
        } else {
            offsets.put(index, Logprobs.addToText(choice.putObject("logprobs"), chunk.getLogprobs(), parts.texts(),
                    offsets.getOrDefault(index, 0)));
        }
        if (chunk.getPromptLogprobs() != null) {
            Logprobs.addToChat(choice.putObject("prompt_logprobs"), chunk.getPromptLogprobs(), parts.texts());
        }
    }

    /// Returns the last event of a stream with `include_usage`: it has no choices, and the numbers of tokens.
    public ObjectNode usage() {
        var event = parts.head(parts.isChat() ? "chat.completion.chunk" : "text_completion", arithmetic);
        event.putArray("choices");
        usage.write(event);
        return event;
    }
}
