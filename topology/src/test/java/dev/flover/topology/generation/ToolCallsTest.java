package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.ModelBuilder;
import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Tool;
import dev.flover.schemas.ToolCall;
import dev.flover.schemas.serdes.TrustedRecords;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.request.Chat;
import dev.flover.topology.request.ChatPrompts;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestCheck.Verdict.Accepted;
import dev.flover.topology.request.RequestCheck.Verdict.Rejected;
import dev.flover.topology.request.RequestTools;
import java.time.Clock;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ToolCallsTest {
    private static final String TEMPLATE = """
            {% for t in tools or [] %}tool {{ t.function.name }}
            {% endfor %}{% for m in messages %}{{ m.role }}:{% for c in m.tool_calls or [] %}<tool_call>
            {"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
            </tool_call>{% endfor %}{% if m.name %}{{ m.name }}={% endif %}{{ m.content }}
            {% endfor %}{% if add_generation_prompt %}assistant:{% endif %}""";
    private static final Tool WEATHER = new Tool("weather", "", """
            {"type": "object", "properties": {"city": {"type": "string", "maxLength": 4, "pattern": "^[a-z]*$"},
             "days": {"enum": [1, 2]}}, "required": ["city", "days"], "additionalProperties": false}""");
    private static final Tool NOW = new Tool("now", "Tells the time.", null);
    private static final String CALLS = """
            <tool_call>
            {"name": "weather", "arguments": {"city": "oslo", "days": 1}}
            </tool_call>
            <tool_call>
            {"name": "now", "arguments": {}}
            </tool_call>""";

    private static Model tiny;
    private static Chat chat;

    @BeforeAll
    static void makeModels() {
        TrustedRecords.trust();
        tiny = TinyEngine.model();
        chat = chat(TEMPLATE);
    }

    @AfterAll
    static void closeModel() {
        tiny.close();
    }

    private static ChatPrompts chat(String template) {
        return chat(template, null);
    }

    private static ChatPrompts chat(String template, @Nullable String toolTemplate) {
        var plain = SimulatedProcess.model();
        return ChatPrompts.of(ModelBuilder.builder().path(plain.path()).config(plain.config())
                .fingerprint(plain.fingerprint()).endOfText(plain.endOfText()).tokenizer(plain.tokenizer())
                .chatTemplate(template).toolTemplate(toolTemplate).build(), Clock.systemDefaultZone());
    }

    private static GenerationRequest.Builder request(Consumer<GenerationRequest.Builder> change) {
        var request = SimulatedProcess.request("a", "").setPrompt(null).setMessages(List.of(user("Weather?")))
                .setTools(List.of(WEATHER, NOW)).setMaxTokens(400);
        change.accept(request);
        return request;
    }

    private static ChatMessage user(String text) {
        return ChatMessage.newBuilder().setRole("user").setContent(text).build();
    }

    private static GenerationResult answer(GenerationRequest request, int crashAfter) {
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, 2, () -> TinyEngine.start(tiny, 2, 256), chat);
        process.send(0, request);
        process.runUntilChunks("a", crashAfter);
        if (crashAfter > 0) {
            process.ticks(3);
            process.crash();
        }
        process.runUntil(() -> !process.results("a").isEmpty());
        var result = process.results("a").getFirst();
        assertThat(process.chunks("a").stream().filter(chunk -> chunk.getAnswer() == 0).toList().getLast().getFinish()
                .getToolCalls()).isEqualTo(result.getToolCalls());
        return result;
    }

    @Test
    void aModelMayHaveATemplateForConversationsWithToolsAlone() {
        var plain = "{% for m in messages %}{{ m.content }}{% endfor %}";
        var both = chat(plain, TEMPLATE);
        var messages = List.of(user("Weather?"));
        var tools = RequestTools.of(request(r -> { }).build()).shown();

        assertThat(both.prompt(messages, List.of())).isEqualTo(chat(plain).prompt(messages, List.of()));
        assertThat(both.prompt(messages, tools)).isEqualTo(chat.prompt(messages, tools))
                .isNotEqualTo(both.prompt(messages, List.of()));
        assertThat(both.toolFormat()).hasSameClassAs(chat.toolFormat());
        assertThat(chat(plain).toolFormat()).isNull();
    }

    @Test
    void aTemplateForToolsThatCannotBeReadRefusesOnlyRequestsWithTools() {
        var broken = chat(TEMPLATE, "{% include 'tools' %}");
        var messages = List.of(user("Weather?"));
        assertThat(broken.prompt(messages, List.of())).isEqualTo(chat.prompt(messages, List.of()));

        var check = new RequestCheck(SimulatedProcess.model(), RequestLimits.standard(), broken);
        assertThat(check.check("a", request(r -> r.setTools(List.of())).build())).isInstanceOf(Accepted.class);
        assertThat(check.check("a", request(r -> r.setToolChoice("none")).build())).isInstanceOf(Accepted.class);
        assertThat(check.check("a", request(r -> { }).build())).isInstanceOfSatisfying(Rejected.class, rejected ->
                assertThat(rejected.fault().message()).contains("the model's chat template for tools cannot be used: "
                        + "the template uses {% include %}, which is not supported (line 1 of the template); send "
                        + "messages without tools"));
    }

    @Test
    void aForcedAnswerIsCallsThatFitTheirSchemasAlsoAfterACrash() throws JsonProcessingException {
        var request = request(r -> r.setToolChoice("required")).build();
        var expected = answer(request, 0);
        assertThat(expected.getFinishReason()).as(expected.getMessage()).isEqualTo(FinishReason.STOP);
        assertThat(expected.getToolCalls()).isNotEmpty();
        for (var call : expected.getToolCalls()) {
            assertThat(call.getId()).matches("[A-Za-z0-9]{9}");
            var arguments = new ObjectMapper().readTree(call.getArguments());
            if (call.getName().equals("weather")) {
                assertThat(arguments.get("days").asInt()).isIn(1, 2);
            } else {
                assertThat(arguments).isEmpty();
            }
        }
        for (int chunks : new int[] {1, 9}) {
            var again = answer(request, chunks);
            assertThat(again.getToolCalls()).isEqualTo(expected.getToolCalls());
            assertThat(again.getTokenIds()).isEqualTo(expected.getTokenIds());
        }
    }

    @Test
    void aToolThatIsNamedIsCalledOnce() {
        var result = answer(request(r -> r.setToolChoice("now").setAnswers(2).setMaxTokens(200)).build(), 0);
        assertThat(result.getToolCalls()).hasSize(1);
        assertThat(result.getToolCalls().getFirst().getName()).isEqualTo("now");
        var other = result.getOtherAnswers().getFirst().getToolCalls();
        assertThat(other).hasSize(1);
        assertThat(other.getFirst().getId()).isNotEqualTo(result.getToolCalls().getFirst().getId());
    }

    @Test
    void aFreeAnswerMayMakeCallsOfTheToolsThatThereAre() {
        assertThat(calls(CALLS, r -> { })).extracting(ToolCall::getName).containsExactly("weather", "now");
        assertThat(calls(CALLS, r -> { })).extracting(ToolCall::getArguments)
                .containsExactly("{\"city\":\"oslo\",\"days\":1}", "{}");
        assertThat(calls(CALLS, r -> r.setParallelToolCalls(false))).hasSize(1);
        assertThat(calls(CALLS, r -> r.setToolChoice("none"))).isEmpty();
        assertThat(calls(CALLS, r -> r.setTools(List.of(NOW)))).isEmpty();
        assertThat(calls("It rains.", r -> { })).isEmpty();
    }

    private static List<ToolCall> calls(String answer, Consumer<GenerationRequest.Builder> change) {
        var tokens = new ByteTokenizer();
        return RequestTools.calls(request(change).build(), 0, tokens.encode(answer, true), chat, tokens);
    }

    @Test
    void theAnswerToAnEqualRequestHasIdsOfItsOwn() {
        var calls = calls(CALLS, r -> { });
        var renamed = RequestTools.renamed(calls, "b", 0);
        assertThat(RequestTools.renamed(renamed, "a", 0)).isEqualTo(calls);
        assertThat(renamed).extracting(ToolCall::getId).doesNotContainAnyElementsOf(
                calls.stream().map(ToolCall::getId).toList());
    }

    @Test
    void callsAndTheirOutcomesAreRenderedByTheTemplate() {
        var called = ChatMessage.newBuilder().setRole("assistant").setContent("").setToolCalls(List.of(
                new ToolCall("x1", "weather", "{\"city\": \"oslo\", \"days\": 2}"))).build();
        var outcome = ChatMessage.newBuilder().setRole("tool").setContent("rain").setToolCallId("x1").build();
        var accepted = (Accepted) check(request(r -> r.setMessages(List.of(user("Weather?"), called, outcome))));
        assertThat(new ByteTokenizer().decode(accepted.promptIds())).isEqualTo("""
                tool weather
                tool now
                user:Weather?
                assistant:<tool_call>
                {"name": "weather", "arguments": {"city": "oslo", "days": 2}}
                </tool_call>
                tool:weather=rain
                assistant:""");
        var silent = (Accepted) check(request(r -> r.setToolChoice("none")));
        assertThat(new ByteTokenizer().decode(silent.promptIds())).doesNotContain("tool");
    }

    private static RequestCheck.Verdict check(GenerationRequest.Builder request) {
        return new RequestCheck(SimulatedProcess.model(), RequestLimits.standard(), chat).check("a", request.build());
    }

    static Stream<Arguments> refused() {
        var call = new ToolCall("x", "now", "[]");
        return Stream.of(
                refused("tool_choice must be none, auto, required or the name of one of the tools, was 'sleep'",
                        r -> r.setToolChoice("sleep")),
                refused("tool_choice 'auto' needs tools", r -> r.setTools(List.of()).setToolChoice("auto")),
                refused("tools need messages", r -> r.setMessages(null).setPrompt("x")),
                refused("letters, digits, _ and -, was 'a b'", r -> r.setTools(List.of(new Tool("a b", "", null)))),
                refused("found now twice", r -> r.setTools(List.of(NOW, NOW))),
                refused("must be a JSON Schema with \"type\": \"object\"",
                        r -> r.setTools(List.of(new Tool("f", "", "{\"type\": \"string\"}")))),
                refused("tools and json_schema contradict each other", r -> r.setJsonSchema("{}")),
                refused("stop and tool_choice contradict", r -> r.setToolChoice("now").setStop(List.of("x"))),
                refused("min_tokens and tool_choice contradict", r -> r.setToolChoice("now").setMinTokens(3)),
                refused("ignore_eos and tool_choice contradict", r -> r.setToolChoice("now").setIgnoreEos(true)),
                refused("messages[0].tool_calls must be empty but in messages of the role assistant",
                        r -> r.setMessages(List.of(ChatMessage.newBuilder().setRole("user").setContent("")
                                .setToolCalls(List.of(call)).build()))),
                refused("messages[0].tool_calls[0].arguments must be a JSON object, was []",
                        r -> r.setMessages(List.of(ChatMessage.newBuilder().setRole("assistant").setContent("")
                                .setToolCalls(List.of(call)).build()))),
                refused("messages[0].tool_call_id must be the id of a call in an earlier message, was 'y'",
                        r -> r.setMessages(List.of(ChatMessage.newBuilder().setRole("tool").setContent("")
                                .setToolCallId("y").build()))));
    }

    private static Arguments refused(String reason, Consumer<GenerationRequest.Builder> change) {
        return Arguments.of(reason, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void whatCannotBeServedIsRefusedByName(String reason, Consumer<GenerationRequest.Builder> change) {
        assertThat(check(request(change))).isInstanceOfSatisfying(Rejected.class, rejected ->
                assertThat(rejected.fault().message()).contains(reason));
    }

    @Test
    void aModelWhoseCallsAreNotKnownIsToldOfNoTools() {
        var plain = chat("{% for m in messages %}{{ m.content }}{% endfor %}");
        var check = new RequestCheck(SimulatedProcess.model(), RequestLimits.standard(), plain);
        assertThat(check.check("a", request(r -> { }).build())).isInstanceOfSatisfying(Rejected.class, rejected ->
                assertThat(rejected.fault().message()).startsWith("tools are not supported for this model"));
        assertThat(check.check("a", request(r -> r.setToolChoice("none")).build())).isInstanceOf(Accepted.class);
    }

    @Test
    void aSchemaThatIsNotSupportedIsToldByItsTool() {
        var odd = new Tool("odd", "", "{\"type\": \"object\", \"unevaluatedProperties\": false}");
        var result = answer(request(r -> r.setTools(List.of(odd)).setToolChoice("odd")).build(), 0);
        assertThat(result.getFinishReason()).isEqualTo(FinishReason.REJECTED);
        assertThat(result.getMessage()).startsWith("the parameters of the tool odd: ")
                .contains("unevaluatedProperties");
    }
}
