package dev.flover.topology.tools;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The tools of a request, and which of them its answer may or must call.
///
/// @param tools    may be empty
/// @param parallel whether an answer may make several calls
public record ToolUse(List<Tool> tools, Choice choice, boolean parallel) {
    private static final int MOST_TOOLS = 128;
    private static final Set<String> WORDS = Set.of("none", "auto", "required");

    /// Whether the answer may, must or must not call a tool.
    public sealed interface Choice {
        /// Call nothing: the model is told of no tool.
        record None() implements Choice {}

        /// As the model likes.
        record Auto() implements Choice {}

        /// Call one or more.
        record Required() implements Choice {}

        /// Call this one, once.
        record Named(String tool) implements Choice {}
    }

    public ToolUse {
        tools = List.copyOf(tools);
        if (tools.size() > MOST_TOOLS) {
            throw new IllegalArgumentException("entries of tools must be in [0, " + MOST_TOOLS + "], was "
                    + tools.size());
        }
        var names = new HashSet<String>();
        for (var tool : tools) {
            if (WORDS.contains(tool.name())) {
                throw new IllegalArgumentException("a tool must not be named " + tool.name()
                        + ", which tool_choice takes as a word of its own");
            }
            if (!names.add(tool.name())) {
                throw new IllegalArgumentException("tools must have a name once, found " + tool.name() + " twice");
            }
        }
    }

    /// @param choice `none`, `auto`, `required` or the name of a tool; null: `auto`
    /// @throws IllegalArgumentException naming the field that is wrong
    public static ToolUse of(List<Tool> tools, String choice, boolean parallel) {
        if (tools.isEmpty() && choice != null && !choice.equals("none")) {
            throw new IllegalArgumentException("tool_choice '" + choice + "' needs tools, and there are none");
        }
        return new ToolUse(tools, choice == null ? new Choice.Auto() : switch (choice) {
            case "none" -> new Choice.None();
            case "auto" -> new Choice.Auto();
            case "required" -> new Choice.Required();
            default -> {
                if (tools.stream().noneMatch(tool -> tool.name().equals(choice))) {
                    throw new IllegalArgumentException("tool_choice must be none, auto, required or the name of one of "
                            + "the tools, was '" + (choice.length() > 64 ? choice.substring(0, 64) + "..." : choice)
                            + "'");
                }
                yield new Choice.Named(choice);
            }
        }, parallel);
    }

    /// Whether the answer has to be a call.
    public boolean isForced() {
        return choice instanceof Choice.Required || choice instanceof Choice.Named;
    }

    /// The tools that the model is told of.
    public List<Tool> shown() {
        return choice instanceof Choice.None ? List.of() : tools;
    }

    /// The constraint of the answer; null where it has none.
    public ConstraintSource forced(ToolFormat format) {
        return switch (choice) {
            case Choice.None none -> null;
            case Choice.Auto auto -> null;
            case Choice.Required required -> format.forced(tools, parallel);
            case Choice.Named(String name) ->
                format.forced(tools.stream().filter(tool -> tool.name().equals(name)).toList(), false);
        };
    }

    /// The calls of these tools that an answer makes; only the first where it may make one. From the first call of
    /// another tool on, there are none.
    ///
    /// @param ids the answer's
    public List<ToolCall> calls(ToolFormat format, Tokenizer tokenizer, int[] ids) {
        if (shown().isEmpty()) {
            return List.of();
        }
        var names = tools.stream().map(Tool::name).collect(Collectors.toSet());
        var calls = format.parse(spelled(tokenizer, ids)).stream()
                .takeWhile(call -> names.contains(call.name())).toList();
        return parallel || calls.size() < 2 ? calls : calls.subList(0, 1);
    }

    /// The text of an answer with its markup.
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
