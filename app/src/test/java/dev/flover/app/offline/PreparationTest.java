package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.constraint.ConstrainedAnswer;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfigBuilder;
import dev.flover.engine.sampling.TokenSet;
import dev.flover.engine.tokenizer.Tokenizer;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.TrustedRecords;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreparationTest {
    static {
        TrustedRecords.trust();
    }

    private static final String TEMPLATE = """
            {% for t in tools or [] %}{{ t.function.name }};{% endfor %}\
            {% for m in messages %}{{ m.role }}:{{ m.content }}\
            {% for c in m.tool_calls or [] %}<tool_call>
            {"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
            </tool_call>{% endfor %};{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}""";
    private static final String CALL = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";

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
        var config = ModelConfigBuilder.builder().architecture("none").hidden(1).heads(1).kvHeads(1).headDim(1)
                .feedForward(1).vocabulary(257).contextLength(1024).normKind(ModelConfig.NormKind.RMS)
                .block(ModelConfig.Block.SEQUENTIAL).activation(ModelConfig.Activation.SILU).embeddingScale(1)
                .attentionScale(1).layers(List.of(new ModelConfig.LayerConfig(0, null))).build();
        return ModelBuilder.builder().path(Path.of("m.gguf")).config(config).fingerprint("f")
                .endOfText(TokenSet.of(256)).tokenizer(BYTES).chatTemplate(template).build();
    }

    private static PlacedRequest request(String more) {
        return RequestLine.parse("{\"messages\": [{\"role\": \"user\", \"content\": \"Time?\"}], "
                + "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"now\"}}]" + more + "}", 1,
                GenerationRequest.newBuilder().setId("1").setMaxTokens(256).build());
    }

    @Test
    void messagesAndToolsAreThePromptAndAForcedCallTheConstraint() {
        var preparation = new Preparation(model(TEMPLATE), true);
        var free = preparation.prepare(request(""));
        assertThat(BYTES.decode(free.sequence().promptIds())).isEqualTo("now;user:Time?;assistant:");
        assertThat(free.sequence().constraint()).isNull();

        var forced = preparation.prepare(request(", \"tool_choice\": \"required\""));
        var fitting = new ConstrainedAnswer(forced.sequence().constraint());
        for (int id : BYTES.encode(CALL, false)) {
            assertThat(fitting.take(id)).isTrue();
            forced.append(id, 0, null);
        }
        assertThat(fitting.mayEnd()).isTrue();
        assertThat(forced.toolCalls()).hasSize(1);
        assertThat(forced.toolCalls().getFirst().words()).matches("calls now \\([A-Za-z0-9]{9}\\): \\{\\}");

        for (int id : BYTES.encode("Noon.", false)) {
            free.append(id, 0, null);
        }
        assertThat(free.toolCalls()).isNull();
    }

    @Test
    void whatCannotBeServedIsRefused() {
        assertRefused(null, "", "the model file has no chat template");
        assertRefused("{{ messages[0].content }}", "", "tools are not supported for this model");
        assertRefused(TEMPLATE, ", \"regex\": \"a\"", "tools and regex contradict each other");
        assertRefused("{% if", "", "the model's chat template cannot be used");
        assertRefused("{% if", ", \"tool_choice\": \"none\"", "the model's chat template cannot be used");
    }

    private static void assertRefused(String template, String more, String beginning) {
        var preparation = new Preparation(model(template), true);
        assertThatThrownBy(() -> preparation.prepare(request(more))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(beginning);
    }
}
