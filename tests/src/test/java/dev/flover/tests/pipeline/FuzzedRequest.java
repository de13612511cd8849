package dev.flover.tests.pipeline;

import dev.flover.schemas.ChatMessage;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/// A request with arbitrary values in its fields. Some of its encoded bytes are changed, and the record is then cut or
/// extended.
///
/// @param request the request without its id
/// @param changes positions and new bytes, alternating
/// @param length  by how many bytes the record is extended; negative to cut it
record FuzzedRequest(GenerationRequest.Builder request, List<Integer> changes, int length) {
    private static final int HEADER = 5;
    private static final int MOST_TOKENS = 8;

    static Arbitrary<FuzzedRequest> any() {
        var requests = Combinators.combine(prompts(), sampling(), numbers(), texts(), ids())
                .as((prompt, sampling, numbers, texts, ids) -> prompt.setSampling(sampling)
                        .setAnswers(numbers.get(0)).setMinTokens(numbers.get(1)).setPriority(numbers.get(2))
                        .setDeadlineMs((long) numbers.get(3)).setLogprobs(numbers.get(4)).setMaxTokens(MOST_TOKENS)
                        .setTenant(texts.get(0)).setStop(texts.subList(1, 2)).setMetadata(Map.of(texts.get(2), "x"))
                        .setStopIds(ids));
        var changes = Arbitraries.oneOf(Arbitraries.just(List.<Integer>of()),
                Arbitraries.integers().between(0, Integer.MAX_VALUE).list().ofMaxSize(6));
        var whole = Arbitraries.just(0);
        var lengths = Arbitraries.oneOf(whole, whole, Arbitraries.integers().between(-60, 20));
        return Combinators.combine(requests, changes, lengths).as(FuzzedRequest::new);
    }

    private static Arbitrary<GenerationRequest.Builder> prompts() {
        var text = Arbitraries.strings().all().ofMaxLength(300);
        return Arbitraries.oneOf(
                text.map(prompt -> builder().setPrompt(prompt)),
                ids().map(ids -> builder().setPromptIds(ids)),
                text.map(content -> builder().setMessages(List.of(
                        ChatMessage.newBuilder().setRole("user").setContent(content).build()))));
    }

    private static GenerationRequest.Builder builder() {
        return GenerationRequest.newBuilder();
    }

    private static Arbitrary<Sampling> sampling() {
        return Combinators.combine(Arbitraries.floats().list().ofSize(5), ids()).as((values, ids) ->
                Sampling.newBuilder().setTemperature(values.get(0)).setTopP(values.get(1)).setMinP(values.get(2))
                        .setRepetitionPenalty(values.get(3)).setTopK(ids.isEmpty() ? null : ids.getFirst())
                        .setLogitBias(ids.stream().map(id -> new TokenBias(id, values.get(4))).toList()).build());
    }

    /// Draws numbers of which about half are in the allowed range, so that not every request fails at its first field.
    private static Arbitrary<List<Integer>> numbers() {
        return Arbitraries.oneOf(Arbitraries.integers().between(1, 3), Arbitraries.integers()).list().ofSize(5);
    }

    private static Arbitrary<List<String>> texts() {
        return Arbitraries.strings().all().ofMaxLength(12).list().ofSize(3);
    }

    private static Arbitrary<List<Integer>> ids() {
        return Arbitraries.oneOf(Arbitraries.integers().between(0, 400), Arbitraries.integers()).list().ofMaxSize(6);
    }

    /// Encodes the request as it is written on the topic under a key. The result is never null, since a null value
    /// would be a cancel.
    byte[] bytes(String key, Client client) {
        byte[] value = client.wire(request.setId(key).build());
        for (int i = 0; i + 1 < changes.size(); i += 2) {
            value[HEADER + changes.get(i) % (value.length - HEADER)] = (byte) (int) changes.get(i + 1);
        }
        return Arrays.copyOf(value, Math.max(0, value.length + length));
    }
}
