package dev.flover.schemas.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonRequestsTest {
    private static GenerationRequest read(String json) {
        return JsonRequests.read(json.getBytes(UTF_8), "key");
    }

    private static GenerationRequest.Builder request() {
        return GenerationRequest.newBuilder().setId("key").setSampling(Sampling.newBuilder().build());
    }

    @Test
    void namesOfTheContractAreTakenAsTheyAre() {
        var sampling = Sampling.newBuilder().setTemperature(0.5f).setTopK(3)
                .setLogitBias(List.of(new TokenBias(7, Float.NEGATIVE_INFINITY))).build();
        assertThat(read("""
                {"id": "a", "model": "m", "tenant": "t", "prompt": "Once \\uD83D\\uDE00", "answers": 2, "max_tokens": 5,
                 "sampling": {"temperature": 0.5, "top_k": 3, "logit_bias": [{"token_id": 7, "bias": "-Infinity"}]},
                 "stop": ["x"], "stop_ids": [1, 2], "seed": -9007199254740993, "logprobs": 2, "echo": true,
                 "deadline_ms": 1000, "metadata": {"k": "v"}}""")).isEqualTo(
                GenerationRequest.newBuilder().setId("a").setModel("m").setTenant("t").setPrompt("Once \uD83D\uDE00")
                        .setAnswers(2).setMaxTokens(5).setSampling(sampling).setStop(List.of("x"))
                        .setStopIds(List.of(1, 2)).setSeed(-9007199254740993L).setLogprobs(2).setEcho(true)
                        .setDeadlineMs(1000L).setMetadata(Map.of("k", "v")).build());
    }

    @Test
    void namesOfOpenAiBecomeThoseOfTheContract() {
        var sampling = Sampling.newBuilder().setTemperature(0.5f).setTopP(0.9f).setPresencePenalty(1f)
                .setLogitBias(List.of(new TokenBias(50256, -100f))).build();
        assertThat(read("""
                {"model": "m", "messages": [{"role": "system", "content": "Be kind."}, {"role": "user",
                 "content": [{"type": "text", "text": "Hello "}, {"type": "text", "text": "there"}]}],
                 "temperature": 0.5, "top_p": 0.9, "presence_penalty": 1, "logit_bias": {"50256": -100}, "n": 3,
                 "max_completion_tokens": 20, "stop": "\\n", "logprobs": true, "top_logprobs": 4, "user": "me",
                 "stream": true, "stream_options": {"include_usage": true}, "seed": null,
                 "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "null"}}}}
                """)).isEqualTo(
                request().setModel("m").setSampling(sampling).setAnswers(3).setMaxTokens(20).setStop(List.of("\n"))
                        .setMessages(List.of(message("system", "Be kind."), message("user", "Hello there")))
                        .setLogprobs(4).setTenant("me").setJsonSchema("{\"type\":\"null\"}").build());
    }

    @Test
    void aRequestIsWrittenWithoutItsDefaultsAndReadsAsTheSame() {
        var plain = request().setPrompt("Once").build();
        var full = request().setPrompt("Once").setMaxTokens(5).setAnswers(2).setMetadata(Map.of("k", "v"))
                .setSampling(Sampling.newBuilder().setTemperature(0f)
                        .setLogitBias(List.of(new TokenBias(7, Float.NEGATIVE_INFINITY))).build())
                .setMessages(null).setStop(List.of("x")).setParallelToolCalls(false).build();

        assertThat(new String(JsonRequests.write(plain), UTF_8)).isEqualTo("{\"id\":\"key\",\"prompt\":\"Once\"}");
        assertThat(new String(JsonRequests.write(full), UTF_8)).isEqualTo("""
                {"id":"key","prompt":"Once","sampling":{"temperature":0.0,"logit_bias":[{"token_id":7,\
                "bias":"-Infinity"}]},"answers":2,"max_tokens":5,"stop":["x"],"metadata":{"k":"v"},\
                "parallel_tool_calls":false}""");
        assertThat(JsonRequests.read(JsonRequests.write(plain), "other")).isEqualTo(plain);
        assertThat(JsonRequests.read(JsonRequests.write(full), "other")).isEqualTo(full);
    }

    private static ChatMessage message(String role, String content) {
        return ChatMessage.newBuilder().setRole(role).setContent(content).build();
    }

    @Test
    void aPromptMayBeATextTokensOrAnArrayOfOneText() {
        assertThat(read("{\"prompt\": [\"one\"]}")).isEqualTo(request().setPrompt("one").build());
        assertThat(read("{\"prompt\": [1, 2]}")).isEqualTo(request().setPromptIds(List.of(1, 2)).build());
        assertThat(read(" \n{\"prompt\": \"one\"}")).isEqualTo(request().setPrompt("one").build());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"prompt\": 5}                                     | prompt must be a string, was 5",
        "{\"prompt\": \"x\", \"max_tokens\": \"5\"}          | max_tokens must be a whole number of 32 bits, was \"5\"",
        "{\"prompt\": \"x\", \"max_tokens\": 5.5}            | max_tokens must be a whole number of 32 bits, was 5.5",
        "{\"max_tokens\": 3000000000} | max_tokens must be a whole number of 32 bits, was 3000000000",
        "{\"prompt\": \"x\", \"temperature\": \"hot\"}       | sampling.temperature must be a number, was \"hot\"",
        "{\"prompt\": \"x\", \"temprature\": 1}              | there is no field temprature; known are answers, ",
        "{\"prompt\": \"x\", \"n\": 1, \"answers\": 1}       | n and answers are both given",
        "{\"prompt\": [\"a\", \"b\"]}                        | each prompt is a request of its own",
        "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]} | or parts of the type text",
        "{\"messages\": [{\"content\": \"x\"}]}              | the field messages[0].role is missing",
        "{\"prompt\": \"x\", \"top_logprobs\": 2}            | top_logprobs needs logprobs: true",
        "{\"response_format\": {\"type\": \"xml\"}} | must be one of text, json_object, json_schema, was \"xml\"",
        "{\"prompt\": \"x\", \"temperature\": NaN}           | found an error in line 1, column",
        "{\"prompt\": \"x\", \"prompt\": \"y\"}              | Duplicate field 'prompt'",
        "{\"prompt\": \"x\"                                  | found an error in line 1, column",
        "{\"prompt\": \"x\"} {}                              | found an error in line 1, column",
        "{\"prompt\": \"\\ud800\"}                           | half a surrogate pair",
        "{\"metadata\": {\"a\": 1}}                          | metadata.a must be a string, was 1",
    })
    void whatIsWrongIsNamed(String json, String message) {
        assertThatThrownBy(() -> read(json)).isInstanceOf(JsonFormException.class).hasMessageContaining(message);
    }

    @Test
    void bytesThatAreNoUtf8AndNestingWithoutAnEndAreRefused() {
        byte[] broken = "{\"prompt\": \"x?\"}".getBytes(UTF_8);
        broken[13] = (byte) 0xFF;
        assertThatThrownBy(() -> JsonRequests.read(broken, "key")).isInstanceOf(JsonFormException.class);
        assertThatThrownBy(() -> read("{\"metadata\":" + "[".repeat(100_000)))
                .isInstanceOf(JsonFormException.class).hasMessageContaining("nesting");
    }
}
