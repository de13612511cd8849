package dev.flover.topology.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.flover.engine.chat.ChatTemplate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ToolFormatsTest {
    private static final Path TEMPLATES = Path.of("../gpu-engine/src/test/resources/chat/templates");

    /// The published templates whose tool-call format is recognised; all others are in formats that are not known.
    @Test
    void theFormatOfAModelIsTheOneThatItsTemplateWrites() throws IOException {
        var found = new TreeMap<String, ToolFormat>();
        try (var files = Files.list(TEMPLATES)) {
            for (var file : files.filter(path -> path.toString().endsWith(".jinja")).sorted().toList()) {
                var template = ChatTemplate.parse(Files.readString(file, StandardCharsets.UTF_8),
                        Clock.systemDefaultZone());
                var format = ToolFormats.of(template, Map.of("bos_token", "<BOS>", "eos_token", "<EOS>"));
                if (format != null) {
                    found.put(file.getFileName().toString().replace(".jinja", ""), format);
                }
            }
        }
        assertThat(found).contains(
                entry("meta-llama-Llama-3.1-8B-Instruct", new BareCalls()),
                entry("meta-llama-Llama-3.2-3B-Instruct", new BareCalls()),
                entry("meta-llama-Llama-3.3-70B-Instruct", new BareCalls()),
                entry("Qwen-Qwen2.5-7B-Instruct", new TaggedCalls()),
                entry("Qwen-Qwen3-0.6B", new TaggedCalls()),
                entry("Qwen-QwQ-32B", new TaggedCalls()),
                entry("NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", new TaggedCalls()),
                entry("NousResearch-Hermes-3-Llama-3.1-8B-tool_use", new TaggedCalls()),
                entry("mistralai-Mistral-Nemo-Instruct-2407", new ListedCalls()),
                entry("Mistral-Small-3.2-24B-Instruct-2506", new NamedCalls(true)),
                entry("mistralai-Ministral-3-14B-Reasoning-2512", new NamedCalls(false)),
                entry("unsloth-mistral-Devstral-Small-2507", new NamedCalls(false)),
                entry("openai-gpt-oss-120b", new ChannelCalls()));
        assertThat(found).doesNotContainKeys("Qwen3-Coder", "GLM-4.6", "google-gemma-2-2b-it",
                "microsoft-Phi-3.5-mini-instruct", "deepseek-ai-DeepSeek-V3.1");
    }
}
