package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.model.Model;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.TokenLogprob;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// For each option of a request, on an engine with a real model: a crash in the middle of the answer changes no token,
/// no logprob and no text.
class SamplingRestartTest {
    private static final int SLOTS = 4;
    private static final int TOKENS = 24;

    private static Model model;

    @BeforeAll
    static void makeModel() {
        model = TinyEngine.model();
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    /// Everything that clients see of an answer, however it is cut into chunks.
    private record Seen(List<Integer> tokens, List<TokenLogprob> logprobs, List<TokenLogprob> prompt, String text) {
        static Seen of(SimulatedProcess process, int answer) {
            var tokens = new ArrayList<Integer>();
            var logprobs = new ArrayList<TokenLogprob>();
            var prompt = new ArrayList<TokenLogprob>();
            for (var chunk : process.chunks("a")) {
                if (chunk.getAnswer() == answer) {
                    tokens.addAll(chunk.getTokenIds());
                    logprobs.addAll(chunk.getLogprobs() == null ? List.of() : chunk.getLogprobs());
                    prompt.addAll(chunk.getPromptLogprobs() == null ? List.of() : chunk.getPromptLogprobs());
                }
            }
            return new Seen(tokens, logprobs, prompt, process.text("a", answer));
        }
    }

    static Stream<Arguments> options() {
        return Stream.of(
                option("temperature 0", sampling -> sampling.setTemperature(0f)),
                option("temperature", sampling -> sampling.setTemperature(0.7f)),
                option("top_k", sampling -> sampling.setTopK(7)),
                option("top_p", sampling -> sampling.setTopP(0.6f)),
                option("min_p", sampling -> sampling.setMinP(0.1f)),
                option("typical_p", sampling -> sampling.setTypicalP(0.5f)),
                option("top_n_sigma", sampling -> sampling.setTopNSigma(0.9f)),
                option("repetition_penalty", sampling -> sampling.setRepetitionPenalty(1.5f)),
                option("presence_penalty", sampling -> sampling.setPresencePenalty(1.5f)),
                option("frequency_penalty", sampling -> sampling.setFrequencyPenalty(1.5f)),
                option("logit_bias", sampling -> sampling.setLogitBias(
                        List.of(new TokenBias(65, 6f), new TokenBias(66, Float.NEGATIVE_INFINITY)))),
                option("allowed_ids", sampling -> sampling.setAllowedIds(List.of(65, 66, 67, 68, 200, 256))),
                Arguments.of("seed", request(request -> request.setSeed(99L))),
                Arguments.of("min_tokens", request(request -> request.setMinTokens(20).setIgnoreEos(false))),
                Arguments.of("stop_ids", request(request -> request.setStopIds(List.of(1, 2, 3)))),
                Arguments.of("stop", request(request -> request.setStop(List.of("zzzz", "e")))),
                Arguments.of("logprobs", request(request -> request.setLogprobs(3))),
                Arguments.of("prompt_logprobs", request(request -> request.setPromptLogprobs(2))),
                Arguments.of("echo", request(request -> request.setEcho(true))),
                Arguments.of("answers", request(request -> request.setAnswers(3).setLogprobs(0))));
    }

    private static Arguments option(String name, Consumer<Sampling.Builder> change) {
        var sampling = Sampling.newBuilder();
        change.accept(sampling);
        return Arguments.of(name, request(request -> request.setSampling(sampling.build())));
    }

    private static GenerationRequest request(Consumer<GenerationRequest.Builder> change) {
        var request = SimulatedProcess.request("a", "a prompt of some length, cut into chunks")
                .setMaxTokens(TOKENS).setIgnoreEos(true);
        change.accept(request);
        return request.build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("options")
    void isTheSameAfterACrashInTheMiddle(String name, GenerationRequest request) {
        var expected = answer(request, 0);
        assertThat(expected.getFirst().tokens()).isNotEmpty();
        for (int ticks : new int[] {2, 9}) {
            assertThat(answer(request, ticks)).as("crashed after %d ticks with tokens", ticks).isEqualTo(expected);
        }
    }

    /// Answers a request, with a crash in the middle.
    ///
    /// @param ticks the number of chunks before the crash; 0 for no crash
    private static List<Seen> answer(GenerationRequest request, int ticks) {
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS, SamplingRestartTest::engine);
        process.send(0, request);
        process.runUntilChunks("a", ticks);
        if (ticks > 0) {
            process.ticks(3);       // these tokens are not committed, and are drawn again
            process.crash();
        }
        process.runUntil(() -> !process.results("a").isEmpty());
        assertThat(process.chunks("a").stream().filter(TokenChunk::getTerminal)).hasSize(1);
        return IntStream.range(0, request.getAnswers()).mapToObj(answer -> Seen.of(process, answer)).toList();
    }

    private static TokenEngine engine() {
        return TinyEngine.start(model, SLOTS, 256);
    }
}
