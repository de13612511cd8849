package dev.flover.app.options;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.topology.request.RequestTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Options that give a conversation instead of a prompt, and the tools that the model may call in it.
public final class ChatOptions {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    @Option(names = "--messages", paramLabel = "FILE",
            description = "Messages instead of PROMPT: a JSON array of role, content, tool_calls, tool_call_id.")
    private @Nullable String messages;

    @Option(names = "--tools", paramLabel = "FILE",
            description = "Functions that the model may call: a JSON array as OpenAI's API has it.")
    private @Nullable String tools;

    @Option(names = "--tool-choice", paramLabel = "CHOICE",
            description = "none, auto, required, or the name of a tool. Default: auto.")
    private @Nullable String toolChoice;

    @Option(names = "--no-parallel-tool-calls", description = "At most one call per answer.")
    private boolean single;

    public boolean hasMessages() {
        return messages != null;
    }

    /// Copies the options into a request.
    public void set(GenerationRequest.Builder request) {
        if (messages != null) {
            request.setMessages(read(messages, "messages").getMessages());
        }
        if (tools != null) {
            if (messages == null) {
                throw new CommandException("--tools needs --messages, because the model's chat template passes the "
                        + "tools to the model");
            }
            request.setTools(read(tools, "tools").getTools());
        }
        request.setToolChoice(toolChoice).setParallelToolCalls(!single);
    }

    /// Checks messages and tools before anything is written.
    ///
    /// @throws CommandException if they do not fit together
    public static void check(GenerationRequest request) {
        try {
            RequestTools.of(request);
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage(), e);
        }
    }

    /// Reads a JSON file as the value of one field, and returns a request with that field.
    private static GenerationRequest read(String file, String field) {
        try (var lines = InputFile.open(file)) {
            JsonNode value = JSON.readTree(lines.lines().collect(Collectors.joining("\n")));
            var object = JSON.createObjectNode();
            object.set(field, value);
            return JsonRequests.read(object.toString().getBytes(StandardCharsets.UTF_8), "");
        } catch (JsonProcessingException e) {
            throw new CommandException(file + " is not JSON: " + e.getOriginalMessage() + ", at line "
                    + e.getLocation().getLineNr(), e);
        } catch (JsonFormException e) {
            throw new CommandException(file + ": " + e.getMessage(), e);
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(file, e);
        }
    }
}
