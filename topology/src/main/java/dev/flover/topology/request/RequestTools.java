package dev.flover.topology.request;

import dev.flover.engine.constraint.ConstraintSource;
import dev.flover.engine.model.Model;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.ToolCall;
import dev.flover.topology.tools.Tool;
import dev.flover.topology.tools.ToolUse;
import dev.flover.topology.tools.WrongFieldException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Translates the tools of a request, and the calls in its answers, between records and [ToolUse].
public final class RequestTools {
    /// The length of a call's id, in characters. Mistral's templates require this length.
    private static final int ID_LENGTH = 9;
    private static final String ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private RequestTools() {}

    /// The tools of a request, and its choice among them.
    ///
    /// @throws WrongFieldException if a field is wrong; the message names it
    public static ToolUse of(GenerationRequest request) {
        var tools = new ArrayList<Tool>();
        for (var tool : request.getTools()) {
            tools.add(new Tool(tool.getName(), tool.getDescription(), tool.getParameters()));
        }
        return ToolUse.of(tools, request.getToolChoice(), request.getParallelToolCalls());
    }

    /// Checks a request's options about tools, but not its messages.
    ///
    /// @param chat null where the model has no template
    /// @throws WrongFieldException if a field is wrong; the message names it
    public static void check(GenerationRequest request, @Nullable Chat chat, Model model) {
        var use = of(request);
        if (use.tools().isEmpty()) {
            return;
        }
        if (request.getMessages() == null) {
            throw new WrongFieldException("tools", "tools need messages, found none: the model's chat template passes "
                    + "the tools to the model");
        }
        if (!use.shown().isEmpty() && chat != null && chat.toolFormat() == null) {
            throw new WrongFieldException("tools", chat.whyNoTools());
        }
        var other = RequestConstraint.named(request);
        if (!use.shown().isEmpty() && !other.isEmpty()) {
            throw RequestConstraint.contradiction("tools", other.getFirst(), "an answer that fits it cannot call a "
                    + "tool; set tool_choice to none");
        }
        if (use.isForced()) {
            checkForced(request, model);
        }
    }

    private static void checkForced(GenerationRequest request, Model model) {
        RequestConstraint.check(request, "tool_choice", model);
        if (!request.getStop().isEmpty()) {
            throw RequestConstraint.contradiction("stop", "tool_choice", "it may end a call before it is complete");
        }
        if (request.getMinTokens() > 0) {
            throw RequestConstraint.contradiction("min_tokens", "tool_choice", "the answer ends with its call");
        }
    }

    /// The constraint by which a request forces calls; null where it forces none.
    static Constraints.@Nullable Wish wish(GenerationRequest request, @Nullable Chat chat) {
        var use = of(request);
        if (!use.isForced()) {
            return null;
        }
        var source = chat == null || chat.toolFormat() == null     // checked for another model before a restart
                ? new ConstraintSource.Named(chat == null ? Chat.UNKNOWN_FORMAT : chat.whyNoTools(),
                        new ConstraintSource.OneOf(List.of()))
                : use.forced(chat.toolFormat());
        return new Constraints.Wish("tool_choice", source, request.getTenant(), List.of(), 0);
    }

    /// The tool calls in an answer, each with an id.
    ///
    /// @param answer the answer's index
    /// @param ids    the answer's token ids
    /// @param chat   null where the model has no template
    public static List<ToolCall> calls(GenerationRequest request, int answer, int[] ids, @Nullable Chat chat,
            @Nullable Tokenizer tokenizer) {
        if (request.getTools().isEmpty() || chat == null || chat.toolFormat() == null || tokenizer == null) {
            return List.of();
        }
        var calls = of(request).calls(chat.toolFormat(), tokenizer, ids);
        var named = new ArrayList<ToolCall>();
        for (var call : calls) {
            named.add(new ToolCall(id(request.getId(), answer, named.size()), call.name(), call.arguments()));
        }
        return named;
    }

    /// The calls of another request's answer, under ids of this request.
    ///
    /// @param answer the index of this request's answer
    public static List<ToolCall> renamed(List<ToolCall> calls, String request, int answer) {
        var named = new ArrayList<ToolCall>();
        for (var call : calls) {
            named.add(new ToolCall(id(request, answer, named.size()), call.getName(), call.getArguments()));
        }
        return named;
    }

    /// The id of a call: a hash of the request's id and the indices of answer and call, so that it is the same after a
    /// restart.
    static String id(String request, int answer, int call) {
        try {
            var hash = MessageDigest.getInstance("SHA-256");
            byte[] digest = hash.digest((answer + "," + call + "," + request).getBytes(StandardCharsets.UTF_8));
            var id = new StringBuilder();
            for (int i = 0; i < ID_LENGTH; i++) {
                id.append(ID_LETTERS.charAt((digest[i] & 0xFF) % ID_LETTERS.length()));
            }
            return id.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
