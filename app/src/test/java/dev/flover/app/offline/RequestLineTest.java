package dev.flover.app.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.sampling.SamplingOption;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestLineTest {
    static {
        TrustedRecords.trust();
    }

    /// The request that options make, with a value of its own in every field.
    private static final GenerationRequest OPTIONS = GenerationRequest.newBuilder().setId("unused").setMaxTokens(256)
            .setMinTokens(2).setSeed(5L).setLogprobs(3).setStop(List.of("end")).setIgnoreEos(true)
            .setSampling(sampling()).build();

    private static Sampling sampling() {
        var sampling = Sampling.newBuilder().build();
        for (var option : SamplingOption.values()) {
            if (option.isWhole()) {
                sampling.put(option.field(), 1 + option.ordinal());
            } else {
                sampling.put(option.field(), 0.1f * (1 + option.ordinal()));
            }
        }
        return sampling;
    }

    @Test
    void fieldsThatALineDoesNotSetAreThoseOfTheOptions() {
        var request = request("{\"prompt_ids\": [1, 2], \"temperature\": null}");

        assertThat(request).isEqualTo(
                GenerationRequest.newBuilder(OPTIONS).setId("3").setPromptIds(List.of(1, 2)).build());
    }

    @Test
    void everyFieldOfALineIsTakenBeforeTheOptions() {
        var request = request("""
                {"id": "a", "prompt": "p", "max_tokens": 7, "min_tokens": 0, "temperature": 0.5, "top_k": 4,
                 "top_p": 0.9, "min_p": 0, "typical_p": 0.8, "top_n_sigma": 1.5, "repetition_penalty": 1.25,
                 "presence_penalty": 0.25, "frequency_penalty": -0.25, "seed": 9007199254740993, "logprobs": 0,
                 "stop": ["x", "yz"], "ignore_eos": false}
                """);

        assertThat(request).isEqualTo(GenerationRequest.newBuilder().setId("a").setPrompt("p").setMaxTokens(7)
                .setSampling(Sampling.newBuilder().setTemperature(0.5f).setTopK(4).setTopP(0.9f).setMinP(0f)
                        .setTypicalP(0.8f).setTopNSigma(1.5f).setRepetitionPenalty(1.25f).setPresencePenalty(0.25f)
                        .setFrequencyPenalty(-0.25f).build())
                .setSeed(9007199254740993L).setLogprobs(0).setStop(List.of("x", "yz")).build());
    }

    @Test
    void aLineMayHaveTheNamesOfOpenAisApi() {
        var request = request("""
                {"id": 12, "stop": "x", "max_completion_tokens": 9, "logprobs": true, "top_logprobs": 1,
                  "messages": [{"role": "user", "content": "Weather?"},
                  {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "x1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
                  {"role": "tool", "tool_call_id": "x1", "content": "rain"}],
                 "tools": [{"type": "function", "function": {"name": "weather", "description": "Looks out.",
                   "parameters": {"type": "object"}}}],
                 "tool_choice": {"type": "function", "function": {"name": "weather"}}, "parallel_tool_calls": false}
                """);

        assertThat(request.getId()).isEqualTo("12");
        assertThat(request.getStop()).containsExactly("x");
        assertThat(request.getMaxTokens()).isEqualTo(9);
        assertThat(request.getLogprobs()).isEqualTo(1);
        assertThat(request.getMessages().get(1).getToolCalls().getFirst().getName()).isEqualTo("weather");
        assertThat(request.getTools().getFirst().getParameters()).isEqualTo("{\"type\":\"object\"}");
        assertThat(request.getToolChoice()).isEqualTo("weather");
        assertThat(request.getParallelToolCalls()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'prompt': 5}                            | prompt must be a string, was 5",
        "{'prompt_ids': [1, 'x']}                 | prompt_ids[1] must be a whole number of 32 bits, was 'x'",
        "{'prompt': 'a', 'max_token': 5}          | there is no field max_token; known are",
        "{'prompt': 'a'} x                        | expected one JSON object in UTF-8, found an error in column",
        "{'prompt': 'a', 'prompt': 'b'}           | expected one JSON object in UTF-8, found an error in column",
        "[1]                                      | expected a JSON object, found [1]",
        "{'prompt': 'a', 'n': 2}                  | answers is served by pipelines alone; leave it out, or send",
        "{'prompt': 'a', 'metadata': {'a': 'b'}}  | metadata is served by pipelines alone",
        "{'prompt': 'a', 'schema_subject': 's'}   | schema_subject is served by pipelines alone",
    })
    void aWrongLineIsRefusedWithItsFieldAndValue(String line, String beginning) {
        assertThatThrownBy(() -> request(line.replace('\'', '"')))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(beginning.replace('\'', '"'));
    }

    private static GenerationRequest request(String line) {
        var placed = RequestLine.parse(line, 3, OPTIONS);
        assertThat(placed.origin()).isEqualTo("line 3");
        return placed.request();
    }
}
