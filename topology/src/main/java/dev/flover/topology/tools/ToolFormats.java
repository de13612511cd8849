package dev.flover.topology.tools;

import dev.flover.engine.chat.ChatTemplate;
import dev.flover.engine.chat.ChatTemplateException;
import dev.flover.engine.chat.Conversation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds a model's tool-call format: lets the model's chat template write a made-up call, and picks the format that
/// reads this call back.
public final class ToolFormats {
    private static final Tool TOOL = new Tool("look_up", "Looks a word up.",
            "{\"type\":\"object\",\"properties\":{\"word\":{\"type\":\"string\"}},\"required\":[\"word\"]}");
    private static final ToolCall CALL = new ToolCall(TOOL.name(), "{\"word\":\"sea\"}");

    private ToolFormats() {}

    /// The tool-call format of a chat template; null where the template writes no calls, or writes them in an unknown
    /// format.
    ///
    /// @param tokens the spellings of special tokens, as [ChatTemplate#render] takes them
    public static @Nullable ToolFormat of(ChatTemplate template, Map<String, String> tokens) {
        String written;
        try {
            written = writtenCall(template, tokens);
        } catch (ChatTemplateException refused) {
            return null;
        }
        var known = List.of(new ChannelCalls(), new ListedCalls(), new NamedCalls(written.contains(NamedCalls.ID)),
                new TaggedCalls(), new BareCalls());
        return known.stream().filter(format -> format.parse(written).equals(List.of(CALL))).findFirst().orElse(null);
    }

    /// Renders a conversation that ends with a call, and returns its text after the beginning of the assistant's turn.
    /// Where the template opens that turn with a thought, the text after the opened thought is returned.
    private static String writtenCall(ChatTemplate template, Map<String, String> tokens) {
        var question = new LinkedHashMap<String, Object>();
        question.put("role", "user");
        question.put("content", "What is the sea?");
        var answer = new LinkedHashMap<String, Object>();
        answer.put("role", "assistant");
        answer.put("content", "");
        answer.put("tool_calls", List.of(Map.of("id", "a1B2c3D4e", "type", "function", "function",
                Map.of("name", CALL.name(), "arguments", Map.of("word", "sea")))));
        var tools = List.of(TOOL.value());
        String after = template.render(new Conversation(List.of(question, answer), tools, false, Map.of()), tokens);
        String begun = template.render(new Conversation(List.of(question), tools, true, Map.of()), tokens);
        String before = after.startsWith(begun) ? begun
                : template.render(new Conversation(List.of(question), tools, false, Map.of()), tokens);
        int common = 0;
        while (common < Math.min(before.length(), after.length()) && before.charAt(common) == after.charAt(common)) {
            common++;
        }
        return after.substring(common);
    }
}
