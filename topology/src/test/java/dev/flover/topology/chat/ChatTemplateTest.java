package dev.flover.topology.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-07-04T09:05:07Z"), ZoneOffset.UTC);
    private static final List<Message> HELLO = List.of(new Message("user", "Hello"));

    @Test
    void publishedTemplatesRenderAsJinja2Does() throws IOException {
        var folder = Path.of(System.getProperty("flover.data", "../../shared/data")).resolve("chat-templates");
        Assumptions.assumeTrue(Files.isDirectory(folder), () -> "no chat templates at " + folder.toAbsolutePath());
        JsonNode cases;
        try (var expectations = ChatTemplateTest.class.getResourceAsStream("/chat/renderings.json")) {
            cases = new ObjectMapper().readTree(expectations);
        }

        assertThat(cases.size()).isEqualTo(80);
        for (var sample : cases) {
            var template = ChatTemplate.parse(Files.readString(folder.resolve(sample.get("template").asText())), CLOCK);
            boolean asks = sample.get("asks_for_answer").asBoolean();
            String name = sample.get("template").asText() + ", " + sample.get("chat").asText();
            if (sample.has("expected")) {
                assertThat(template.render(messages(sample), "<s>", "</s>", asks))
                        .as(name)
                        .isEqualTo(sample.get("expected").asText());
            } else {
                assertThatThrownBy(() -> template.render(messages(sample), "<s>", "</s>", asks))
                        .as(name)
                        .isInstanceOf(ChatTemplateException.class)
                        .hasMessageContaining("refuses these messages: " + sample.get("refused").asText());
            }
        }
    }

    @Test
    void aTemplateThatCannotBeReadIsRefusedWhenTheModelIsLoaded() {
        assertThatThrownBy(() -> ChatTemplate.parse("{% include 'x' %}", CLOCK))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessage("the model's chat template cannot be used: the template uses {% include %} in line 1,"
                        + " which is not supported; send a prompt instead of messages");
    }

    @Test
    void aFailureSaysWhatIsMissing() {
        var template = ChatTemplate.parse("{{ messages[0].tool_calls[0] }}", CLOCK);

        assertThatThrownBy(() -> template.render(HELLO, "", ""))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessageContaining("fails on these messages")
                .hasMessageContaining("tool_calls, which is not defined");
    }

    @Test
    void todaysDateComesFromTheClock() {
        assertThat(ChatTemplate.parse("{{ strftime_now('%Y-%m-%d') }}", CLOCK).render(HELLO, "", ""))
                .isEqualTo("2026-07-04");
    }

    @Test
    void aMessageHasARole() {
        assertThatThrownBy(() -> new Message(" ", "x")).hasMessageContaining("role");
    }

    private static List<Message> messages(JsonNode sample) {
        var messages = new ArrayList<Message>();
        sample.get("messages").forEach(message ->
                messages.add(new Message(message.get("role").asText(), message.get("content").asText())));
        return messages;
    }
}
