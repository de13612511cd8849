package dev.flover.topology.request;

import dev.flover.schemas.ChatMessage;
import dev.flover.topology.tools.Tool;
import dev.flover.topology.tools.ToolFormat;
import java.util.List;

/// Makes conversations prompts, by the model's template.
public interface Chat {
    /// @param tools that the model is told of
    int[] prompt(List<ChatMessage> messages, List<Tool> tools);

    /// How the model calls tools; null where that is not known.
    default ToolFormat toolFormat() {
        return null;
    }
}
