package dev.flover.app.offline;

import dev.flover.engine.chat.ChatTemplateException;
import dev.flover.engine.model.Model;
import dev.flover.schemas.GenerationRequest;
import dev.flover.topology.request.ChatPrompts;
import dev.flover.topology.request.RequestTools;
import java.time.Clock;
import java.util.List;

/// Turns the messages and tools of `generate`'s requests into token ids, by the chat template of one model.
final class Conversations {
    private final Model model;
    private ChatPrompts prompts;

    Conversations(Model model) {
        this.model = model;
    }

    /// Returns the request with its messages as token ids, and with the constraint of the tool calls that it forces.
    ///
    /// @throws IllegalArgumentException if the model has no template, or the request cannot be served
    GenerateRequest prepared(GenerateRequest request) {
        var chat = request.chat();
        if (chat == null) {
            return request;
        }
        try {
            prompts = prompts == null ? ChatPrompts.of(model, Clock.systemDefaultZone()) : prompts;
            if (prompts == null) {
                throw new IllegalArgumentException(model.path() + " has no chat template; give prompt or prompt_ids");
            }
            RequestTools.check(chat, prompts, model);
            var use = RequestTools.of(chat);
            int[] ids = prompts.prompt(chat.getMessages(), use.shown());
            return request.prepared(ids,
                    use.isForced() ? use.forced(prompts.toolFormat()) : request.constraint());
        } catch (ChatTemplateException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /// Returns the tool calls of an answer; null if it has none.
    List<ToolCallLine> calls(GenerationRequest chat, int[] ids) {
        return chat == null ? null : ToolCallLine.of(RequestTools.calls(chat, 0, ids, prompts, model.tokenizer()));
    }
}
