package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.constraint.ConstrainedAnswer;
import dev.flover.engine.constraint.ConstraintCompiler;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationsTest {
    private static final String TEMPLATE = """
            {% for t in tools or [] %}{{ t.function.name }};{% endfor %}\
            {% for m in messages %}{{ m.role }}:{{ m.content }}\
            {% for c in m.tool_calls or [] %}<tool_call>
            {"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
            </tool_call>{% endfor %};{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}""";
    private static final String CALL = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
    private static final GenerateRequest DEFAULTS =
            GenerateRequestBuilder.builder().line(1).id("1").maxTokens(256).sampling(SamplingParams.greedy())
                    .stop(List.of()).seeded(true).build();

    /// A tokenizer with a token for each byte, and one for the end of text.
    private static final Tokenizer BYTES = new Tokenizer() {
        @Override
        public int vocabulary() {
            return 257;
        }

        @Override
        public int[] encode(String text, boolean parseSpecial) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int[] ids = new int[bytes.length];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = bytes[i] & 0xFF;
            }
            return ids;
        }

        @Override
        public int beginOfText() {
            return -1;
        }

        @Override
        public byte[] bytes(int token) {
            return token == 256 ? new byte[0] : new byte[] {(byte) token};
        }

        @Override
        public boolean isControl(int token) {
            return token == 256;
        }

        @Override
        public boolean stripsLeadingSpace() {
            return false;
        }
    };

    private static Model model(String template) {
        return ModelBuilder.builder().path(Path.of("m.gguf")).fingerprint("f").endOfText(TokenSet.of(256))
                .tokenizer(BYTES).chatTemplate(template).build();
    }

    private static GenerateRequest request(String more) {
        return RequestLine.parse(StrictJson.mapper(), "{\"messages\": [{\"role\": \"user\", \"content\": \"Time?\"}], "
                + "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"now\"}}]" + more + "}", DEFAULTS);
    }

    @Test
    void messagesAndToolsAreThePromptAndAForcedCallTheConstraint() {
        var conversations = new Conversations(model(TEMPLATE));
        var free = conversations.prepared(request(""));
        assertThat(BYTES.decode(free.promptIds())).isEqualTo("now;user:Time?;assistant:");
        assertThat(free.constraint()).isNull();
        var forced = conversations.prepared(request(", \"tool_choice\": \"required\""));
        var answer = new ConstrainedAnswer(new ConstraintCompiler(BYTES).compile(forced.constraint()));
        for (int id : BYTES.encode(CALL, false)) {
            assertThat(answer.take(id)).isTrue();
        }
        assertThat(answer.mayEnd()).isTrue();
        var calls = conversations.calls(forced.chat(), BYTES.encode(CALL, false));
        assertThat(calls).hasSize(1);
        assertThat(calls.getFirst().words()).matches("calls now \\([A-Za-z0-9]{9}\\): \\{\\}");
        assertThat(conversations.calls(free.chat(), BYTES.encode("Noon.", false))).isNull();
    }

    @Test
    void whatCannotBeServedIsRefused() {
        assertThatThrownBy(() -> new Conversations(model(null)).prepared(request("")))
                .hasMessage("m.gguf has no chat template; give prompt or prompt_ids");
        assertThatThrownBy(() -> new Conversations(model("{{ messages[0].content }}")).prepared(request("")))
                .hasMessageStartingWith("tools are not supported for this model");
        assertThatThrownBy(() -> new Conversations(model(TEMPLATE)).prepared(request(", \"regex\": \"a\"")))
                .hasMessageStartingWith("tools and regex contradict each other");
        assertThatThrownBy(() -> new Conversations(model("{% if")).prepared(request("")))
                .hasMessageStartingWith("the model's chat template cannot be used");
    }
}
