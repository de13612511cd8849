package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The tools of a request, and which of them the answer may or must call.
///
/// @param tools    at most 128, with different names; may be empty
/// @param parallel whether an answer may make several calls
public record ToolUse(List<Tool> tools, Choice choice, boolean parallel) {
    private static final int MOST_TOOLS = 128;
    private static final Set<String> WORDS = Set.of("none", "auto", "required");

    /// Whether the answer may, must or must not call a tool.
    public sealed interface Choice {
        /// The answer calls no tool: the prompt does not mention the tools.
        record None() implements Choice {}

        /// The model decides whether the answer calls a tool.
        record Auto() implements Choice {}

        /// The answer has to call one tool or several.
        record Required() implements Choice {}

        /// The answer has to call the named tool, once.
        record Named(String tool) implements Choice {}
    }

    public ToolUse {
        tools = List.copyOf(tools);
        if (tools.size() > MOST_TOOLS) {
            throw new WrongFieldException("tools", "entries of tools must be in [0, " + MOST_TOOLS + "], was "
                    + tools.size());
        }
        var names = new HashSet<String>();
        for (var tool : tools) {
            if (WORDS.contains(tool.name())) {
                throw new WrongFieldException("tools", "a tool must not be named " + tool.name()
                        + ", which is a keyword of tool_choice");
            }
            if (!names.add(tool.name())) {
                throw new WrongFieldException("tools", "tools must have different names, found " + tool.name()
                        + " twice");
            }
        }
    }

    /// Reads the tool choice of a request.
    ///
    /// @param choice `none`, `auto`, `required` or the name of a tool; null means `auto`
    /// @throws WrongFieldException if a field is wrong; the message names the field
    public static ToolUse of(List<Tool> tools, @Nullable String choice, boolean parallel) {
        if (tools.isEmpty() && choice != null && !choice.equals("none")) {
            throw new WrongFieldException("tool_choice", "tool_choice '" + choice + "' needs tools, found none");
        }
        return new ToolUse(tools, choice == null ? new Choice.Auto() : switch (choice) {
            case "none" -> new Choice.None();
            case "auto" -> new Choice.Auto();
            case "required" -> new Choice.Required();
            default -> {
                if (tools.stream().noneMatch(tool -> tool.name().equals(choice))) {
                    throw new WrongFieldException("tool_choice", "tool_choice must be none, auto, required or the "
                            + "name of one of the tools, was '"
                            + (choice.length() > 64 ? choice.substring(0, 64) + "..." : choice) + "'");
                }
                yield new Choice.Named(choice);
            }
        }, parallel);
    }

    /// Whether the answer has to call a tool.
    public boolean isForced() {
        return choice instanceof Choice.Required || choice instanceof Choice.Named;
    }

    /// The tools that the prompt describes to the model.
    public List<Tool> shown() {
        return choice instanceof Choice.None ? List.of() : tools;
    }

    /// The constraint that forces the answer to call a tool; null where a call is not forced.
    public @Nullable ConstraintSource forced(ToolFormat format) {
        return switch (choice) {
            case Choice.None none -> null;
            case Choice.Auto auto -> null;
            case Choice.Required required -> format.forced(tools, parallel);
            case Choice.Named(String name) ->
                format.forced(tools.stream().filter(tool -> tool.name().equals(name)).toList(), false);
        };
    }

    /// The calls of this request's tools in an answer; only the first call where `parallel` is false. Reading ends at
    /// the first call of a tool that the request does not have.
    ///
    /// @param ids the answer's token ids
    public List<ToolCall> calls(ToolFormat format, Tokenizer tokenizer, int[] ids) {
        if (shown().isEmpty()) {
            return List.of();
        }
        var names = tools.stream().map(Tool::name).collect(Collectors.toSet());
        var calls = format.parse(spelled(tokenizer, ids)).stream()
                .takeWhile(call -> names.contains(call.name())).toList();
        return parallel || calls.size() < 2 ? calls : calls.subList(0, 1);
    }

    /// The text of an answer with its control tokens spelled, which ordinary decoding leaves out.
    private static String spelled(Tokenizer tokenizer, int[] ids) {
        var bytes = new ByteArrayOutputStream();
        for (int id : ids) {
            bytes.writeBytes(tokenizer.isControl(id)
                    ? tokenizer.spelling(id).getBytes(StandardCharsets.UTF_8)
                    : tokenizer.bytes(id));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
