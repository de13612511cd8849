package dev.flover.topology.request;

import dev.flover.schemas.ChatMessage;
import dev.flover.topology.tools.Tool;
import dev.flover.topology.tools.ToolFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes conversations as prompts by the model's chat template.
public interface Chat {
    /// Why a model has no [#toolFormat], if no other reason is known.
    String UNKNOWN_FORMAT = "tools are not supported for this model: its chat template writes no calls of tools in a "
            + "known format";

    /// The token ids of the prompt that the template makes of a conversation.
    ///
    /// @param tools the tools that the prompt describes to the model
    int[] prompt(List<ChatMessage> messages, List<Tool> tools);

    /// The format in which the model writes tool calls; null where it is not known.
    default @Nullable ToolFormat toolFormat() {
        return null;
    }

    /// Why requests with tools are refused where [#toolFormat] is null.
    default String whyNoTools() {
        return UNKNOWN_FORMAT;
    }
}
