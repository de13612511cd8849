package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import dev.flover.topology.config.PipelineConfig.RequestLimits;
import dev.flover.topology.records.RequestFault;
import dev.flover.topology.request.RequestCheck;
import dev.flover.topology.request.RequestCheck.Verdict.Accepted;
import dev.flover.topology.request.RequestCheck.Verdict.Rejected;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RequestCheckTest {
    private final RequestCheck check = new RequestCheck(SimulatedProcess.model(), RequestLimits.standard(),
            (messages, _) -> new ByteTokenizer().encode(messages.getFirst().getRole() + ":"
                    + messages.getFirst().getContent(),
                    true));

    private static GenerationRequest.Builder request() {
        return SimulatedProcess.request("id", "prompt");
    }

    @Test
    void aPlainPromptIsTokenised() {
        assertThat(check.check("id", request().build())).isInstanceOfSatisfying(Accepted.class, accepted ->
                assertThat(accepted.promptIds()).containsExactly('p', 'r', 'o', 'm', 'p', 't'));
    }

    @Test
    void promptIdsAreUsedAsTheyAre() {
        var request = request().setPrompt(null).setPromptIds(List.of(7, 256)).build();
        assertThat(check.check("id", request)).isInstanceOfSatisfying(Accepted.class, accepted ->
                assertThat(accepted.promptIds()).containsExactly(7, 256));
    }

    @Test
    void messagesAreRenderedByTheTemplate() {
        var request = request().setPrompt(null).setMessages(List.of(
                ChatMessage.newBuilder().setRole("user").setContent("hi").build())).build();
        assertThat(check.check("id", request)).isInstanceOfSatisfying(Accepted.class, accepted ->
                assertThat(accepted.promptIds()).containsExactly('u', 's', 'e', 'r', ':', 'h', 'i'));
    }

    @Test
    void theEndOfTextEndsAnAnswerUnlessItIsIgnored() {
        assertThat(check.plan(request().setStopIds(List.of(5)).build(), 1).stopIds().tokens()).containsExactly(5, 256);
        assertThat(check.plan(request().setIgnoreEos(true).build(), 1).stopIds().isEmpty()).isTrue();
    }

    @Test
    void withoutASeedTheDrawsFollowFromTheId() {
        long seed = check.plan(request().build(), 1).sampling().seed();
        assertThat(check.plan(request().build(), 1).sampling().seed()).isEqualTo(seed);
        assertThat(check.plan(request().setId("other").build(), 1).sampling().seed()).isNotEqualTo(seed);
    }

    @Test
    void withoutALimitAnAnswerMayFillTheContext() {
        assertThat(check.plan(request().build(), 96).maxTokens()).isEqualTo(4000);
    }

    @ParameterizedTest(name = "{2}")
    @MethodSource("refused")
    void whatIsOutOfRangeIsRejectedWithFieldValueAndRange(Consumer<GenerationRequest.Builder> change, String field,
            String message) {
        var request = request();
        change.accept(request);
        assertThat(check.check("id", request.build())).isEqualTo(new Rejected(RequestFault.invalid(field, message)));
    }

    private static Stream<Arguments> refused() {
        return Stream.concat(prompts(), Stream.concat(sampling(), limits()));
    }

    private static Stream<Arguments> prompts() {
        return Stream.of(
                refused(r -> r.setId("other"), "id",
                        "id must equal the record's key 'id', was 'other'"),
                refused(r -> r.setTenant("t".repeat(300)), "tenant",
                        "bytes of tenant must be in [0, 256], was 300"),
                refused(r -> r.setPrompt(null), "prompt",
                        "exactly one of prompt, prompt_ids and messages must be set, found 0 of them"),
                refused(r -> r.setPromptIds(List.of(1)), "prompt",
                        "exactly one of prompt, prompt_ids and messages must be set, found 2 of them"),
                refused(r -> r.setPrompt(""), "prompt",
                        "the prompt must have at least one token, found none"),
                refused(r -> r.setPrompt("x".repeat(5000)), "prompt",
                        "the prompt must leave room for an answer in the model's "
                        + "context of 4096 tokens, found 5000 tokens"),
                refused(r -> r.setPrompt(null).setPromptIds(List.of(1, 257)), "prompt_ids",
                        "prompt_ids must be in [0, 256], found 257"),
                refused(r -> r.setPrompt(null).setPromptIds(List.of(-1)), "prompt_ids",
                        "prompt_ids must be in [0, 256], found -1"),
                refused(r -> r.setPrompt(null).setMessages(List.of()), "messages",
                        "messages must have at least one entry, found none"));
    }

    private static Stream<Arguments> sampling() {
        return Stream.of(
                refused(sampling(s -> s.setTemperature(-1f)), "sampling.temperature",
                        "sampling.temperature must be in [0, 10], was -1.0"),
                refused(sampling(s -> s.setTemperature(Float.NaN)), "sampling.temperature",
                        "sampling.temperature must be in [0, 10], was NaN"),
                refused(sampling(s -> s.setTopK(-1)), "sampling.top_k",
                        "sampling.top_k must be in [0, 2147483647], was -1"),
                refused(sampling(s -> s.setTopP(0f)), "sampling.top_p",
                        "sampling.top_p must be in (0, 1], was 0.0"),
                refused(sampling(s -> s.setMinP(2f)), "sampling.min_p",
                        "sampling.min_p must be in [0, 1], was 2.0"),
                refused(sampling(s -> s.setTypicalP(1.5f)), "sampling.typical_p",
                        "sampling.typical_p must be in (0, 1], was 1.5"),
                refused(sampling(s -> s.setTopNSigma(-1f)), "sampling.top_n_sigma",
                        "sampling.top_n_sigma must be in [0, 100], was -1.0"),
                refused(sampling(s -> s.setRepetitionPenalty(0f)), "sampling.repetition_penalty",
                        "sampling.repetition_penalty must be in (0, 10], was 0.0"),
                refused(sampling(s -> s.setPresencePenalty(3f)), "sampling.presence_penalty",
                        "sampling.presence_penalty must be in [-2, 2], was 3.0"),
                refused(sampling(s -> s.setFrequencyPenalty(-3f)), "sampling.frequency_penalty",
                        "sampling.frequency_penalty must be in [-2, 2], was -3.0"),
                refused(sampling(s -> s.setAllowedIds(List.of(999))), "sampling.allowed_ids",
                        "sampling.allowed_ids must be in [0, 256], found 999"),
                refused(sampling(s -> s.setLogitBias(List.of(new TokenBias(999, 1f)))), "sampling.logit_bias.token_id",
                        "sampling.logit_bias.token_id must be in [0, 256], was 999"),
                refused(sampling(s -> s.setLogitBias(List.of(new TokenBias(1, 1f), new TokenBias(1, 2f)))),
                        "sampling.logit_bias",
                        "sampling.logit_bias must name each token once, found token 1 twice"),
                refused(sampling(s -> s.setLogitBias(List.of(new TokenBias(1, Float.NaN)))), "sampling.logit_bias",
                        "sampling.logit_bias of token 1 must be a number below +Infinity, was NaN"));
    }

    private static Stream<Arguments> limits() {
        return Stream.of(
                refused(r -> r.setAnswers(0), "answers",
                        "answers must be in [1, 16], was 0"),
                refused(r -> r.setAnswers(17), "answers",
                        "answers must be in [1, 16], was 17"),
                refused(r -> r.setMaxTokens(0), "max_tokens",
                        "max_tokens must be in [1, 131072], was 0"),
                refused(r -> r.setAnswers(2).setMaxTokens(70_000), "max_tokens",
                        "max_tokens must be in [1, 65536], was 70000"),
                refused(r -> r.setMaxTokens(5).setMinTokens(6), "min_tokens",
                        "min_tokens must be in [0, 5], was 6"),
                refused(r -> r.setStop(Collections.nCopies(33, "s")), "stop",
                        "entries of stop must be in [0, 32], was 33"),
                refused(r -> r.setStop(List.of("")), "stop",
                        "characters of a stop string must be in [1, 256], was 0"),
                refused(r -> r.setStop(List.of("\uD83D")), "stop",
                        "a stop string must have whole characters, found half a surrogate pair"),
                refused(r -> r.setStopIds(List.of(1000)), "stop_ids",
                        "stop_ids must be in [0, 256], found 1000"),
                refused(r -> r.setLogprobs(21), "logprobs",
                        "logprobs must be in [0, 20], was 21"),
                refused(r -> r.setPromptLogprobs(21), "prompt_logprobs",
                        "prompt_logprobs must be in [0, 20], was 21"),
                refused(r -> r.setPriority(101), "priority",
                        "priority must be in [-100, 100], was 101"),
                refused(r -> r.setDeadlineMs(-5L), "deadline_ms",
                        "deadline_ms must be at least 1, was -5"));
    }

    private static Arguments refused(Consumer<GenerationRequest.Builder> change, String field, String message) {
        return Arguments.of(change, field, message);
    }

    private static Consumer<GenerationRequest.Builder> sampling(Consumer<Sampling.Builder> change) {
        return request -> {
            var sampling = Sampling.newBuilder();
            change.accept(sampling);
            request.setSampling(sampling.build());
        };
    }
}
