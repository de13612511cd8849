package dev.flover.topology.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.constraint.ConstrainedAnswer;
import dev.flover.engine.constraint.Constraint;
import dev.flover.engine.constraint.ConstraintCompiler;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each tool-call format: reads answers as models of the family are documented to write them, and reads back answers
/// that were forced.
class ToolFormatTest {
    private static final Tool WEATHER = new Tool("get_weather", "Says what the weather is.", """
            {"type": "object", "properties": {"city": {"type": "string", "maxLength": 6}, "days": {"enum": [1, 2]}},
             "required": ["city"], "additionalProperties": false}""");
    private static final Tool NOW = new Tool("now", "", null);
    private static final List<Tool> TOOLS = List.of(WEATHER, NOW);
    private static final MarkedBytes TOKENS = new MarkedBytes("[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "<|python_tag|>",
            "<|channel|>", "<|constrain|>", "<|message|>", "<|start|>", "<|end|>", "<|call|>", "<|eot_id|>");
    private static final ToolCall PARIS = new ToolCall("get_weather", "{\"city\":\"Paris\",\"days\":2}");
    private static final ToolCall TIME = new ToolCall("now", "{}");

    static Stream<Arguments> answers() {
        return Stream.of(
                Arguments.of(new TaggedCalls(), """
                        <tool_call>
                        {"name": "get_weather", "arguments": {"city": "Paris", "days": 2}}
                        </tool_call>""", List.of(PARIS)),
                Arguments.of(new TaggedCalls(), """
                        <think>
                        Perhaps <tool_call>{"name": "now", "arguments": {}}</tool_call>?
                        </think>

                        I will look.
                        <tool_call>
                        {"arguments": {"city": "Paris", "days": 2}, "name": "get_weather"}
                        </tool_call>
                        <tool_call>
                        {"name": "now", "arguments": {}}
                        </tool_call><|im_end|>""", List.of(PARIS, TIME)),
                Arguments.of(new ListedCalls(),
                        "[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", \"days\": 2}}, "
                                + "{\"name\": \"now\", \"arguments\": {}, \"id\": \"VvvODy9mT\"}]</s>",
                        List.of(PARIS, TIME)),
                Arguments.of(new NamedCalls(false), "[TOOL_CALLS]get_weather[ARGS]{\"city\": \"Paris\", \"days\": 2}"
                        + "[TOOL_CALLS]now[ARGS]{}</s>", List.of(PARIS, TIME)),
                Arguments.of(new NamedCalls(true), "Looking.[TOOL_CALLS]get_weather[CALL_ID]VvvODy9mT[ARGS]"
                        + "{\"city\": \"Paris\", \"days\": 2}</s>", List.of(PARIS)),
                Arguments.of(new BareCalls(), "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Paris\", "
                        + "\"days\": 2}}<|eot_id|>", List.of(PARIS)),
                Arguments.of(new BareCalls(), "<|python_tag|>{\"type\": \"function\", \"name\": \"get_weather\", "
                        + "\"parameters\": {\"city\": \"Paris\", \"days\": 2}}; {\"name\": \"now\", \"parameters\": {}}"
                        + "<|eom_id|>", List.of(PARIS, TIME)),
                Arguments.of(new ChannelCalls(), "<|channel|>analysis<|message|>Need to call get_weather.<|end|>"
                        + "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json"
                        + "<|message|>{\"city\": \"Paris\", \"days\": 2}<|call|>", List.of(PARIS)),
                Arguments.of(new ChannelCalls(), " to=functions.now<|channel|>commentary json<|message|>{}<|call|>",
                        List.of(TIME)));
    }

    @ParameterizedTest(name = "{0} {index}")
    @MethodSource("answers")
    void readsTheCallsOfAnAnswer(ToolFormat format, String answer, List<ToolCall> calls) {
        assertThat(format.parse(answer)).isEqualTo(calls);
    }

    static Stream<ToolFormat> formats() {
        return Stream.of(new TaggedCalls(), new ListedCalls(), new NamedCalls(false), new NamedCalls(true),
                new BareCalls(), new ChannelCalls());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void textAndCallsThatAreCutOffAreNoCalls(ToolFormat format) {
        assertThat(format.parse("")).isEmpty();
        assertThat(format.parse("It is sunny. {\"name\": \"now\"}")).isEmpty();
        String call = write(format, 1, false);
        for (int end = 0; end < call.lastIndexOf('}'); end++) {
            assertThat(format.parse(call.substring(0, end))).as(call.substring(0, end)).isEmpty();
        }
        assertThat(format.parse(call)).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void aForcedAnswerIsCallsThatFitTheirSchemas(ToolFormat format) {
        int most = 0;
        for (int seed = 0; seed < 30; seed++) {
            String answer = write(format, seed, true);
            var calls = format.parse(answer);
            assertThat(calls).as(answer).isNotEmpty();
            most = Math.max(most, calls.size());
            for (var call : calls) {
                var arguments = JsonValues.objectIn(call.arguments());
                if (call.name().equals("now")) {
                    assertThat(arguments).isEmpty();
                } else {
                    assertThat(call.name()).isEqualTo("get_weather");
                    assertThat(arguments.get("city").isTextual()).isTrue();
                    assertThat(arguments.path("days").asInt(1)).isBetween(1, 2);
                }
            }
        }
        boolean severalInOne = !(format instanceof BareCalls || format instanceof ChannelCalls);
        assertThat(most > 1).isEqualTo(severalInOne);
    }

    @Test
    void anAnswerAsTheModelsWriteItIsAmongTheForcedOnes() {
        answers().forEach(row -> {
            var format = (ToolFormat) row.get()[0];
            String written = switch (format) {
                case TaggedCalls _ -> "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
                case ListedCalls _ -> "[TOOL_CALLS] [{\"name\": \"now\", \"arguments\": {}}]";
                case NamedCalls named -> named.writesIds() ? "[TOOL_CALLS]now[CALL_ID]VvvODy9mT[ARGS]{}"
                        : "[TOOL_CALLS]now[ARGS]{}";
                case BareCalls _ -> "{\"name\": \"now\", \"parameters\": {}}";
                case ChannelCalls _ -> "<|channel|>commentary to=functions.now <|constrain|>json<|message|>{}";
            };
            var answer = new ConstrainedAnswer(compile(format, true));
            for (int id : TOKENS.encode(written, true)) {
                assertThat(answer.take(id)).as(written).isTrue();
            }
            assertThat(answer.mayEnd()).isTrue();
        });
    }

    private static Constraint compile(ToolFormat format, boolean several) {
        return new ConstraintCompiler(TOKENS).compile(format.forced(TOOLS, several));
    }

    /// Writes a forced answer: each of its tokens is drawn with equal probability among those that the constraint
    /// allows.
    private static String write(ToolFormat format, long seed, boolean several) {
        var random = new Random(seed);
        var answer = new ConstrainedAnswer(compile(format, several));
        int[] ids = new int[4_096];
        int count = 0;
        while (!(answer.mayEnd() && random.nextInt(3) == 0)) {
            int[] allowed = java.util.BitSet.valueOf(answer.mask()).stream().toArray();
            if (allowed.length == 0) {
                break;
            }
            ids[count] = allowed[random.nextInt(allowed.length)];
            assertThat(answer.take(ids[count++])).isTrue();
        }
        assertThat(answer.mayEnd()).isTrue();
        return TOKENS.spelled(java.util.Arrays.copyOf(ids, count));
    }
}
