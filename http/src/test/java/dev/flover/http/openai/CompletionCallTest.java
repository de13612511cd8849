package dev.flover.http.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.flover.schemas.Rejection;
import dev.flover.schemas.RejectionCode;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionCallTest {
    private static CompletionCall read(String body, boolean chat, boolean passUnknown) {
        return CompletionCall.read(body.getBytes(UTF_8), chat, passUnknown,
                (isChat, count) -> IntStream.range(0, count).mapToObj(i -> "id-" + i).toList());
    }

    private static ApiError refusal(String body, boolean chat) {
        return catchThrowableOfType(ApiError.class, () -> read(body, chat, false));
    }

    @Test
    void everyPromptOfAListIsARequestOfItsOwn() {
        var call = read("{\"model\": \"m\", \"prompt\": [\"a\", \"b\"], \"n\": 2, \"stream\": true}", false, false);

        assertThat(call.kind()).isEqualTo(AnswerKind.TEXT);
        assertThat(call.model()).isEqualTo("m");
        assertThat(call.stream()).isTrue();
        assertThat(call.requests()).extracting(request -> request.getId() + request.getPrompt())
                .containsExactly("id-0a", "id-1b");
        assertThat(call.requests()).allMatch(request -> request.getAnswers() == 2);
    }

    @Test
    void aListOfTokenIdsIsOnePromptAndAListOfListsIsSeveral() {
        assertThat(read("{\"prompt\": [1, 2]}", false, false).requests()).singleElement()
                .satisfies(request -> assertThat(request.getPromptIds()).containsExactly(1, 2));
        assertThat(read("{\"prompt\": [[1, 2], [3]]}", false, false).requests())
                .extracting(request -> request.getPromptIds().size()).containsExactly(2, 1);
    }

    @Test
    void anAnswerThatMayBeACallOfAToolIsToldFromText() {
        String tools = "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], "
                + "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}]";
        assertThat(read("{" + tools + "}", true, false).kind()).isEqualTo(AnswerKind.CALLS);
        assertThat(read("{" + tools + ", \"tool_choice\": \"none\"}", true, false).kind()).isEqualTo(AnswerKind.CHAT);
    }

    /// Which tokens are put around a text is the tokenizer's, and which spellings become tokens is the operator's.
    @ParameterizedTest
    @ValueSource(strings = {"add_special_tokens", "add_bos_token", "add_generation_prompt", "parse_special"})
    void noRequestChoosesTheTokensAroundItsPromptOrAmongItsText(String name) {
        for (boolean chat : new boolean[] {false, true}) {
            String prompt = chat ? "\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]" : "\"prompt\": \"x\"";
            String body = "{" + prompt + ", \"" + name + "\": true}";
            var error = refusal(body, chat);
            assertThat(error.status()).isEqualTo(400);
            assertThat(error.json().at("/error/param").asText()).isEqualTo(name);
            assertThat(error.getMessage()).startsWith("there is no parameter " + name);
            assertThat(read(body, chat, true).requests())
                    .isEqualTo(read("{" + prompt + "}", chat, false).requests());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"prompt": "x", "temprature": 1}                      | temprature     | the nearest is temperature
            {"prompt": "x", "best_of": 2}                         | best_of        | there is no parameter best_of
            {"prompt": "x", "max_tokens": "5"}                    | max_tokens     | whole number of 32 bits, was "5"
            {"prompt": "x", "temperature": "hot"}                 | temperature    | must be a number, was "hot"
            {"prompt": "x", "stream": "yes"}                      | stream         | must be true or false, was "yes"
            {"prompt": "x", "stream_options": {"usage": true}}    | stream_options | there is include_usage
            {"prompt": "x", "id": "mine"}                         | id             | Idempotency-Key
            {"prompt": "x", "n": 1, "answers": 2}                 | n              | n and answers are both given
            {"max_tokens": 5}                                     | prompt         | was missing
            {"messages": []}                                      | messages       | /v1/chat/completions takes them
            {"prompt": "x"                                        |                | found an error in line 1
            {"prompt": "x", "temperature": NaN}                   |                | Non-standard token 'NaN'
            """)
    void whatIsWrongIsNamed(String body, String param, String words) {
        var error = refusal(body, false);

        assertThat(error.status()).isEqualTo(400);
        assertThat(error.getMessage()).contains(words);
        var said = error.json().get("error");
        assertThat(said.get("type").asText()).isEqualTo("invalid_request_error");
        assertThat(said.get("param").asText(null)).isEqualTo(param);
    }

    @Test
    void aRejectionOfThePipelineKeepsItsKindAndNamesTheParameter() {
        var invalid = CompletionCall.rejected(new Rejection(RejectionCode.INVALID, "sampling.top_p"), "text");
        var within = CompletionCall.rejected(new Rejection(RejectionCode.INVALID, "messages[2].tool_calls"), "text");
        var unknown = CompletionCall.rejected(new Rejection(RejectionCode.UNKNOWN_MODEL, "model"), "text");
        var large = CompletionCall.rejected(new Rejection(RejectionCode.TOO_LARGE, null), "text");
        var older = CompletionCall.rejected(null, "text");

        assertThat(List.of(invalid, within, unknown, large, older)).extracting(ApiError::status)
                .containsExactly(400, 400, 404, 413, 400);
        assertThat(invalid.json().at("/error/param").asText()).isEqualTo("top_p");
        assertThat(within.json().at("/error/param").asText()).isEqualTo("messages");
        assertThat(unknown.json().at("/error/code").asText()).isEqualTo("model_not_found");
        assertThat(older.json().at("/error/param").isNull()).isTrue();
    }

    @Test
    void unknownParametersAreLeftOutWhereThatIsAskedFor() {
        assertThat(read("{\"prompt\": \"x\", \"best_of\": 2}", false, true).requests()).hasSize(1);
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() {
        byte[] body = "{\"prompt\": \"?\"}".getBytes(UTF_8);
        body[12] = (byte) 0xff;

        var error = catchThrowableOfType(ApiError.class,
                () -> CompletionCall.read(body, false, false, (chat, count) -> List.of("id")));

        assertThat(error.getMessage()).contains("Invalid UTF-8");
    }

    @Test
    void aChatNeedsMessagesAndNoPrompt() {
        assertThat(refusal("{\"prompt\": \"x\"}", true).getMessage()).contains("messages must be an array");
        assertThat(refusal("{\"messages\": [], \"prompt\": \"x\"}", true).getMessage())
                .contains("prompt cannot be given");
    }
}
