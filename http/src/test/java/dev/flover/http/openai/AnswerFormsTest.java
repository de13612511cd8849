package dev.flover.http.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.schemas.Alternative;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.TokenLogprob;
import dev.flover.schemas.ToolCall;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AnswerFormsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TokenLogprob LOGPROB = new TokenLogprob(7, -0.5f, List.of(new Alternative(9, -1f)));

    private static AnswerParts parts(AnswerKind kind) {
        return new AnswerParts(kind, "an-id", "a-model", 17, null);
    }

    private static TokenChunk chunk(int answer, int position, String text, int... ids) {
        return TokenChunk.newBuilder().setRequestId("an-id").setAnswer(answer).setPosition(position).setText(text)
                .setTokenIds(Arrays.stream(ids).boxed().toList()).build();
    }

    private static TokenChunk last(TokenChunk chunk, FinishReason reason, int completion, ToolCall... calls) {
        return TokenChunk.newBuilder(chunk).setFinish(Finish.newBuilder().setReason(reason).setMessage("why")
                .setPromptTokens(5).setCompletionTokens(completion).setArithmetic("arith").setToolCalls(List.of(calls))
                .build()).build();
    }

    private static String json(String text) throws Exception {
        return JSON.readTree(text.replace('\'', '"')).toPrettyString();
    }

    @Test
    void aChunkIsOneEventAlsoWhereItIsTheLast() throws Exception {
        var form = new EventForm(parts(AnswerKind.CHAT), 1, true);

        assertThat(form.event(0, chunk(0, 0, "", 1))).as("nothing to show yet").isEmpty();
        assertThat(form.event(0, chunk(0, 1, "Once", 2)).orElseThrow().toPrettyString()).isEqualTo(json("""
                {'id': 'an-id', 'object': 'chat.completion.chunk', 'created': 17, 'model': 'a-model', 'choices': [
                  {'index': 0, 'delta': {'role': 'assistant', 'content': 'Once'}, 'logprobs': null,
                   'finish_reason': null}]}"""));
        assertThat(form.event(0, last(chunk(0, 2, " more", 3), FinishReason.LENGTH, 3)).orElseThrow().toPrettyString())
                .isEqualTo(json("""
                {'id': 'an-id', 'object': 'chat.completion.chunk', 'created': 17, 'model': 'a-model',
                 'system_fingerprint': 'arith', 'choices': [
                  {'index': 0, 'delta': {'content': ' more'}, 'logprobs': null, 'finish_reason': 'length'}]}"""));
        assertThat(form.usage().at("/usage/total_tokens").asInt()).isEqualTo(8);
        assertThat(form.usage().at("/choices")).isEmpty();
    }

    @Test
    void aStreamThatGoesOnDoesNotIntroduceItself() {
        var form = new EventForm(parts(AnswerKind.CHAT), 1, false);

        assertThat(form.event(0, chunk(0, 4, "on", 2)).orElseThrow().at("/choices/0/delta").has("role")).isFalse();
    }

    @Test
    void whereToolsMayBeCalledTheTextIsHeldUntilItIsKnownToBeNone() {
        var text = new EventForm(parts(AnswerKind.CALLS), 1, true);
        assertThat(text.event(0, chunk(0, 0, "No ", 1))).isEmpty();
        assertThat(text.event(0, last(chunk(0, 1, "call", 2), FinishReason.STOP, 2)).orElseThrow()
                .at("/choices/0/delta/content").asText()).isEqualTo("No call");

        var call = new EventForm(parts(AnswerKind.CALLS), 1, true);
        assertThat(call.event(0, chunk(0, 0, "<tool_call>", 1))).isEmpty();
        var event = call.event(0, last(chunk(0, 1, "{}", 2), FinishReason.STOP, 2, new ToolCall("c1", "f", "{}")))
                .orElseThrow().at("/choices/0");
        assertThat(event.at("/delta").has("content")).isFalse();
        assertThat(event.at("/delta/tool_calls/0/function/name").asText()).isEqualTo("f");
        assertThat(event.at("/finish_reason").asText()).isEqualTo("tool_calls");
    }

    @Test
    void answersToSeveralPromptsAreNumberedThrough() throws Exception {
        var form = new WholeForm(parts(AnswerKind.TEXT), 2);
        form.add(1, last(chunk(1, 0, "d", 4), FinishReason.LENGTH, 1));
        form.add(0, chunk(0, 0, "a", 1));
        form.add(0, last(chunk(0, 1, "b", 2), FinishReason.STOP, 2));
        form.add(0, last(chunk(1, 0, "c", 3), FinishReason.STOP, 1));
        form.add(1, last(chunk(0, 0, "e", 5), FinishReason.CANCELLED, 1));

        assertThat(form.whole().toPrettyString()).isEqualTo(json("""
                {'id': 'an-id', 'object': 'text_completion', 'created': 17, 'model': 'a-model',
                 'system_fingerprint': 'arith', 'choices': [
                  {'index': 0, 'text': 'ab', 'logprobs': null, 'finish_reason': 'stop'},
                  {'index': 1, 'text': 'c', 'logprobs': null, 'finish_reason': 'stop'},
                  {'index': 2, 'text': 'e', 'logprobs': null, 'finish_reason': 'cancelled'},
                  {'index': 3, 'text': 'd', 'logprobs': null, 'finish_reason': 'length'}],
                 'usage': {'prompt_tokens': 10, 'completion_tokens': 5, 'total_tokens': 15}}"""));
    }

    @Test
    void logprobsComeInTheFormOfEachApi() {
        var chunk = TokenChunk.newBuilder(last(chunk(0, 0, "a", 7), FinishReason.STOP, 1)).setLogprobs(List.of(LOGPROB))
                .build();
        var chat = new WholeForm(parts(AnswerKind.CHAT), 1);
        chat.add(0, chunk);
        assertThat(chat.whole().at("/choices/0/logprobs/content/0/token").asText()).isEqualTo("token_id:7");
        assertThat(chat.whole().at("/choices/0/logprobs/content/0/top_logprobs/0/logprob").floatValue()).isEqualTo(-1f);

        var text = new WholeForm(parts(AnswerKind.TEXT), 1);
        text.add(0, chunk);
        assertThat(text.whole().at("/choices/0/logprobs/token_logprobs/0").floatValue()).isEqualTo(-0.5f);
        assertThat(text.whole().at("/choices/0/logprobs/top_logprobs/0/token_id:9").floatValue()).isEqualTo(-1f);
    }

    @Test
    void anAnswerThatWasGivenUpIsAnErrorAndNoAnswer() {
        var form = new WholeForm(parts(AnswerKind.TEXT), 1);
        assertThatThrownBy(() -> form.add(0, last(chunk(0, 0, ""), FinishReason.ERROR, 0)))
                .isInstanceOf(ApiError.class).hasMessage("why");
    }

    @Test
    void theIdOfAnEventIsReadAsItIsWritten() {
        var id = new EventId(AnswerKind.CALLS, 12, 3, 4711);
        assertThat(EventId.parse(id.toString())).contains(id);
        for (String other : List.of("", "12", "x1-2-3", "c1-2", "c-1-2-3", "c1-2-3 ")) {
            assertThat(EventId.parse(other)).as(other).isEqualTo(Optional.empty());
        }
    }
}
