package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.sampling.SamplingParams;
import dev.flover.topology.request.SeedOfId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestLineTest {
    private static final GenerateRequest DEFAULTS =
            GenerateRequestBuilder.builder().line(3).id("3").maxTokens(256).sampling(SamplingParams.greedy())
                    .stop(List.of()).seeded(true).build();

    private final ObjectMapper mapper = StrictJson.mapper();

    @Test
    void takesEveryFieldOfTheContract() {
        var request = parse("""
                {"id": "a", "prompt": "p", "max_tokens": 7, "min_tokens": 2, "temperature": 0.5, "top_k": 4,
                 "top_p": 0.9, "min_p": 0.1, "typical_p": 0.8, "top_n_sigma": 1.5,
                 "repetition_penalty": 1.1, "presence_penalty": 0.2,
                 "frequency_penalty": -0.2, "seed": 9007199254740993, "stop": ["x", "yz"], "ignore_eos": true}
                """);

        assertThat(request.id()).isEqualTo("a");
        assertThat(request.prompt()).isEqualTo("p");
        assertThat(request.maxTokens()).isEqualTo(7);
        assertThat(request.stop()).containsExactly("x", "yz");
        assertThat(request.ignoreEos()).isTrue();
        var sampling = request.sampling();
        assertThat(sampling.minTokens()).isEqualTo(2);
        assertThat(sampling.temperature()).isEqualTo(0.5f);
        assertThat(sampling.topK()).isEqualTo(4);
        assertThat(sampling.topP()).isEqualTo(0.9f);
        assertThat(sampling.minP()).isEqualTo(0.1f);
        assertThat(sampling.typicalP()).isEqualTo(0.8f);
        assertThat(sampling.topNSigma()).isEqualTo(1.5f);
        assertThat(sampling.repetitionPenalty()).isEqualTo(1.1f);
        assertThat(sampling.presencePenalty()).isEqualTo(0.2f);
        assertThat(sampling.frequencyPenalty()).isEqualTo(-0.2f);
        assertThat(sampling.seed()).isEqualTo(9007199254740993L);
    }

    @Test
    void takesMessagesAndToolsAsOpenAisApiHasThem() {
        var chat = parse("""
                {"id": "a", "messages": [{"role": "user", "content": "Weather?"},
                  {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "x1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
                  {"role": "tool", "tool_call_id": "x1", "content": "rain"}],
                 "tools": [{"type": "function", "function": {"name": "weather", "description": "Looks out.",
                   "parameters": {"type": "object"}}}],
                 "tool_choice": {"type": "function", "function": {"name": "weather"}}, "parallel_tool_calls": false}
                """).chat();

        assertThat(chat.getMessages().get(1).getToolCalls().getFirst().getName()).isEqualTo("weather");
        assertThat(chat.getMessages().get(2).getToolCallId()).isEqualTo("x1");
        assertThat(chat.getTools().getFirst().getParameters()).isEqualTo("{\"type\":\"object\"}");
        assertThat(chat.getToolChoice()).isEqualTo("weather");
        assertThat(chat.getParallelToolCalls()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'prompt': 'a', 'tools': []}                                    | tools needs messages",
        "{'messages': 'hi'}                                              | messages must be an array, was 'hi'",
        "{'messages': [{'role': 'user'}]}                                | the field messages[0].content is missing",
        "{'messages': [{'role': 'user', 'content': [{'type': 'x'}]}]}    | messages[0].content must be a string, or",
        "{'messages': [{'role': 'user', 'content': '', 'name': 'x'}]}    | there is no field messages[0].name",
        "{'messages': [], 'tools': [{'type': 'web'}]}                    | tools[0].type must be function, was 'web'",
        "{'messages': [], 'tools': [{'function': {'name': 1}}]}          | tools[0].name must be a string, was 1",
        "{'messages': [], 'tools': [{'function': {'name': 'f', 'strict': true}}]} | strict must be false",
    })
    void refusesConversationsByThePlaceThatIsWrong(String line, String problem) {
        assertThatThrownBy(() -> parse(line.replace('\'', '"')))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(problem.replace('\'', '"'));
    }

    @Test
    void takesWhatALineDoesNotSayFromTheOptions() {
        var request = parse("{\"prompt_ids\": [1, 2], \"temperature\": null}");

        assertThat(request.id()).isEqualTo("3");
        assertThat(request.promptIds()).containsExactly(1, 2);
        assertThat(request.maxTokens()).isEqualTo(256);
        assertThat(request.sampling()).isEqualTo(SamplingParams.greedy());
        assertThat(request.stop()).isEmpty();
    }

    @Test
    void takesOneStopTextWithoutAnArrayAndANumberAsId() {
        var request = parse("{\"id\": 12, \"prompt\": \"p\", \"stop\": \"x\"}");

        assertThat(request.id()).isEqualTo("12");
        assertThat(request.stop()).containsExactly("x");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{}                                             | prompt, prompt_ids or messages is missing",
        "{\"prompt\": \"a\", \"prompt_ids\": [1]}       | prompt and prompt_ids are both given; give one",
        "{\"prompt\": 5}                                | prompt must be a string, was 5",
        "{\"prompt_ids\": []}                           | prompt_ids must have at least one token id, was []",
        "{\"prompt_ids\": [1, \"x\"]} | prompt_ids[1] must be a whole number below 2147483648, was \"x\"",
        "{\"prompt_ids\": 7}                            | prompt_ids must be an array, was 7",
        "{\"prompt\": \"a\", \"top_p\": 3}              | top_p must be in (0, 1], was 3.0",
        "{\"prompt\": \"a\", \"temperature\": \"hot\"}  | temperature must be a number, was \"hot\"",
        "{\"prompt\": \"a\", \"temperature\": -1}       | temperature must be in [0, 10], was -1.0",
        "{\"prompt\": \"a\", \"max_tokens\": 0}         | max_tokens must be at least 1, was 0",
        "{\"prompt\": \"a\", \"max_tokens\": 1.5}       | max_tokens must be a whole number below 2147483648, was 1.5",
        "{\"prompt\": \"a\", \"seed\": 1e30}            | seed must be a whole number of 64 bits, was 1.0E30",
        "{\"prompt\": \"a\", \"ignore_eos\": 1}         | ignore_eos must be true or false, was 1",
        "{\"prompt\": \"a\", \"stop\": [\"\"]}          | stop must not hold an empty text",
        "[1]                                            | expected a JSON object with a prompt, found [1]",
    })
    void refusesWithFieldValueAndRange(String line, String complaint) {
        assertThatThrownBy(() -> parse(line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(complaint);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"prompt\": \"a\"                             | not JSON",
        "{\"prompt\": \"a\"} x                          | not JSON",
        "{\"prompt\": \"a\", \"prompt\": \"b\"}         | not JSON: Duplicate field 'prompt'",
        "{\"prompt\": \"a\", \"max_token\": 5}          | unknown field max_token; known are choices, frequency",
    })
    void refusesWhatWouldBeIgnoredElsewhere(String line, String beginning) {
        assertThatThrownBy(() -> parse(line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(beginning);
    }

    @Test
    void withoutASeedTheIdDrawsAsInAPipelineUnlessAnOptionSaysOne() {
        var unseeded = GenerateRequestBuilder.builder().line(3).id("3").maxTokens(256)
                .sampling(SamplingParams.sampled(1, 7)).stop(List.of()).build();
        assertThat(seed("{\"prompt\": \"a\"}", unseeded)).isEqualTo(SeedOfId.of("3"));
        assertThat(seed("{\"prompt\": \"a\", \"id\": \"x\"}", unseeded)).isEqualTo(SeedOfId.of("x"));
        assertThat(seed("{\"prompt\": \"a\", \"id\": \"x\", \"seed\": 5}", unseeded)).isEqualTo(5);
        assertThat(seed("{\"prompt\": \"a\", \"id\": \"x\"}", DEFAULTS)).isEqualTo(DEFAULTS.sampling().seed());
    }

    private long seed(String line, GenerateRequest defaults) {
        return RequestLine.parse(mapper, line, defaults).sampling().seed();
    }

    private GenerateRequest parse(String line) {
        return RequestLine.parse(mapper, line, DEFAULTS);
    }
}
