package dev.flover.topology.generation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.model.Model;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenBias;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.TrustedRecords;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Requests with constraints on an engine with a real model: the answers fit their constraint, whatever else the
/// request asks for, and however often the process ends in the middle.
class ConstrainedAnswersTest {
    static final String SCHEMA = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 6, "pattern": "^[a-z ]*$"},
             "legs": {"enum": [2, 4]}, "tags": {"type": "array", "items": {"enum": ["a", "bc"]}, "maxItems": 3}},
             "required": ["name", "legs", "tags"], "additionalProperties": false}""";
    private static final int SLOTS = 4;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Model model;

    static {
        TrustedRecords.trust();
    }

    @BeforeAll
    static void makeModel() {
        model = TinyEngine.model();
    }

    @AfterAll
    static void closeModel() {
        model.close();
    }

    static Stream<Arguments> kinds() {
        return Stream.of(
                Arguments.of("json_schema", request(r -> r.setJsonSchema(SCHEMA)), "\\{.*\\}"),
                Arguments.of("white_space", request(r -> r.setJsonSchema("{\"enum\": [1, 22]}").setWhiteSpace(true)
                        .setMaxTokens(400)), "\\s*(1|22)\\s*"),
                Arguments.of("regex", request(r -> r.setRegex("[0-3][0-9]\\.[01][0-9]\\.20[0-9]{2}")),
                        "[0-3][0-9]\\.[01][0-9]\\.20[0-9]{2}"),
                Arguments.of("choices", request(r -> r.setChoices(List.of("yes", "no", "nobody"))), "yes|no|nobody"),
                Arguments.of("grammar", request(r -> r.setGrammar("root ::= \"<\" [a-c]+ \">\"").setMaxTokens(400)),
                        "<[a-c]+>"));
    }

    static Stream<Arguments> options() {
        return Stream.of(
                option("temperature 0", s -> s.setTemperature(0f)),
                option("temperature and filters", s -> s.setTemperature(1.5f).setTopK(40).setTopP(0.9f).setMinP(0.01f)),
                option("penalties", s -> s.setRepetitionPenalty(1.5f).setPresencePenalty(1f).setFrequencyPenalty(1f)),
                option("logit_bias", s -> s.setLogitBias(List.of(new TokenBias(97, 9f), new TokenBias(52, -9f)))),
                Arguments.of("answers", constrained(r -> r.setAnswers(3))),
                Arguments.of("logprobs", constrained(r -> r.setLogprobs(3))),
                Arguments.of("prompt_logprobs", constrained(r -> r.setPromptLogprobs(1))),
                Arguments.of("min_tokens", constrained(r -> r.setMinTokens(30))),
                Arguments.of("stop", constrained(r -> r.setStop(List.of("\n\n")))),
                Arguments.of("echo", constrained(r -> r.setEcho(true))),
                Arguments.of("priority", constrained(r -> r.setPriority(7))),
                Arguments.of("deadline_ms", constrained(r -> r.setDeadlineMs(1_000_000_000L))));
    }

    private static Arguments option(String name, Consumer<Sampling.Builder> change) {
        var sampling = Sampling.newBuilder();
        change.accept(sampling);
        return Arguments.of(name, constrained(request -> request.setSampling(sampling.build())));
    }

    private static GenerationRequest constrained(Consumer<GenerationRequest.Builder> change) {
        return request(request -> change.accept(request.setJsonSchema(SCHEMA)));
    }

    private static GenerationRequest request(Consumer<GenerationRequest.Builder> change) {
        var request = SimulatedProcess.request("a", "a prompt of some length").setMaxTokens(120);
        change.accept(request);
        return request.build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void anAnswerFitsItsConstraintAlsoAfterACrash(String name, GenerationRequest request, String pattern) {
        var expected = answers(request, 0);
        assertThat(expected.getFirst().text()).matches(pattern);
        assertThat(expected.getFirst().reason()).isEqualTo(FinishReason.STOP);
        assertThat(answers(request, 1)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("options")
    void eachOptionComposesAlsoAfterACrashInTheMiddleOfABrace(String name, GenerationRequest request)
            throws IOException {
        var expected = answers(request, 0);
        for (var answer : expected) {
            assertThat(answer.reason()).isEqualTo(FinishReason.STOP);
            String text = request.getEcho() ? answer.text().substring(request.getPrompt().length()) : answer.text();
            assertThat(JSON.readTree(text).get("legs").asInt()).isIn(2, 4);
            assertThat(text).doesNotContain(" \"");
        }
        for (int ticks : new int[] {3, 12}) {
            assertThat(answers(request, ticks)).as("crashed after %d ticks with tokens", ticks).isEqualTo(expected);
        }
    }

    /// Logprobs come from the model's own distribution, before the mask: tokens that the mask forbids are among the
    /// alternatives.
    @Test
    void logprobsAreOfTheDistributionBeforeTheMask() {
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS, ConstrainedAnswersTest::engine);
        process.send(0, constrained(request -> request.setLogprobs(5)));
        run(process, "a");
        var first = process.chunks("a").getFirst().getLogprobs().getFirst();
        assertThat(first.getTokenId()).isEqualTo('{');
        assertThat(first.getLogprob()).isLessThan(-0.01f);
        assertThat(first.getAlternatives()).anySatisfy(other -> assertThat(other.getTokenId()).isNotEqualTo('{'));
    }

    @Test
    void preemptionAndNeighboursChangeNothing() {
        var lasting = request(request -> request.setRegex("[a-z ]{100}").setPriority(-1));
        var alone = answers(lasting, 0);
        var process = new SimulatedProcess(SimulatedProcess.config(), 2, SLOTS,
                () -> TinyEngine.start(model, SLOTS, 24));
        process.send(0, lasting);
        process.runUntilChunks("a", 1);
        for (int i = 0; i < 3; i++) {
            process.send(1, SimulatedProcess.request("other" + i, "a neighbour with a prompt of its own")
                    .setMaxTokens(60).setIgnoreEos(true).setPriority(5).build());
        }
        run(process, "a");
        assertThat(Seen.of(process, 0)).isEqualTo(alone.getFirst());
        assertThat(process.engine.status().preemptions()).isPositive();
    }

    @Test
    void aPartitionThatIsHandedOverGoesOnWithTheSameTokens() {
        var request = constrained(r -> { });
        var expected = answers(request, 0);
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS, ConstrainedAnswersTest::engine);
        process.send(0, request);
        process.runUntilChunks("a", 4);
        process.reopen(0);
        run(process, "a");
        assertThat(Seen.of(process, 0)).isEqualTo(expected.getFirst());
    }

    @Test
    void aRequestWaitsAloneWhileItsConstraintIsCompiled() {
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS, ConstrainedAnswersTest::engine);
        var work = new ArrayList<Runnable>();
        process.compiling = work::add;
        process.send(0, constrained(r -> { }));
        process.send(0, constrained(r -> r.setId("same")));
        process.send(0, SimulatedProcess.request("free", "a free one").setMaxTokens(4).setIgnoreEos(true).build());
        run(process, "free");
        assertThat(process.chunks("a")).isEmpty();
        assertThat(work).as("equal constraints are compiled once").hasSize(1);
        process.crash();        // the request is stored; its constraint is compiled again
        process.ticks(3);
        assertThat(work).hasSize(2);
        work.getLast().run();
        run(process, "a");
        run(process, "same");
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.STOP);
    }

    @Test
    void aRequestThatWaitsForItsConstraintCanBeCancelled() {
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS, ConstrainedAnswersTest::engine);
        var work = new ArrayList<Runnable>();
        process.compiling = work::add;
        process.send(0, constrained(r -> { }));
        process.ticks(2);
        process.cancel(0, "a");
        process.settle();
        work.forEach(Runnable::run);
        process.settle();
        assertThat(process.result("a").getFinishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(process.waiting()).isZero();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                refused("two constraints", r -> r.setRegex("a").setChoices(List.of("a")),
                        "at most one of json_schema, schema_subject, regex, choices and grammar may be set, "
                                + "found regex and choices"),
                refused("white_space alone", r -> r.setRegex("a").setWhiteSpace(true),
                        "white_space needs json_schema or schema_subject, which is not set"),
                refused("schema_version alone", r -> r.setSchemaVersion(2), "schema_version needs schema_subject"),
                refused("record_topic alone", r -> r.setRecordTopic("t"), "record_topic needs schema_subject"),
                refused("allowed_ids", r -> r.setRegex("a+").setSampling(Sampling.newBuilder()
                        .setAllowedIds(List.of(97)).build()), "sampling.allowed_ids and regex contradict each other"),
                refused("a ban", r -> r.setRegex("a+").setSampling(Sampling.newBuilder().setLogitBias(
                                List.of(new TokenBias(97, Float.NEGATIVE_INFINITY))).build()),
                        "sampling.logit_bias and regex contradict each other: token 97 is banned"),
                refused("ignore_eos", r -> r.setChoices(List.of("a")).setIgnoreEos(true),
                        "ignore_eos and choices contradict each other"),
                refused("stop_ids", r -> r.setGrammar("root ::= \"a\"").setStopIds(List.of(97)),
                        "stop_ids and grammar contradict each other: token 97 is text"),
                refused("a stop string", r -> r.setJsonSchema(SCHEMA).setStop(List.of("leg")),
                        "stop and json_schema contradict each other: an answer may contain \"leg\""),
                refused("a stop string across tokens", r -> r.setRegex("(ab)+c").setStop(List.of("x", "bab")),
                        "stop and regex contradict each other: an answer may contain \"bab\""),
                refused("min_tokens", r -> r.setChoices(List.of("yes", "no")).setMinTokens(4),
                        "min_tokens and choices contradict each other: no answer has as many as 4"),
                refused("an unsupported keyword", r -> r.setJsonSchema(
                                "{\"properties\": {\"a\": {\"unevaluatedItems\": false}}}"),
                        "/properties/a", "unevaluatedItems"),
                refused("no JSON", r -> r.setJsonSchema("{\"type\": "), "json_schema"),
                refused("a broken pattern", r -> r.setRegex("a(b"), "regex"),
                refused("no choices", r -> r.setChoices(List.of()), "choices is an empty list"),
                refused("a grammar without an end", r -> r.setGrammar("root ::= \"a\" root"), "no text"));
    }

    private static Arguments refused(String name, Consumer<GenerationRequest.Builder> change, String... reasons) {
        return Arguments.of(name, request(change), List.of(reasons));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void whatCannotBeServedIsRejectedWithItsReason(String name, GenerationRequest request, List<String> reasons) {
        var process = SimulatedProcess.of(1, 2);
        process.send(0, request);
        process.settle();
        var result = process.result("a");
        assertThat(result.getFinishReason()).isEqualTo(FinishReason.REJECTED);
        reasons.forEach(reason -> assertThat(result.getMessage()).contains(reason));
        assertThat(process.waiting()).isZero();
        assertThat(process.chunks("a")).hasSize(1);

        process.send(0, request);       // the client sends the request again
        process.settle();
        assertThat(process.chunks("a")).hasSize(2).allSatisfy(each ->
                assertThat(each.getFinish().getMessage()).isEqualTo(result.getMessage()));
    }

    /// Everything that clients see of an answer, however it is cut into chunks.
    private record Seen(List<Integer> tokens, List<Float> logprobs, String text, FinishReason reason) {
        static Seen of(SimulatedProcess process, int answer) {
            var tokens = new ArrayList<Integer>();
            var logprobs = new ArrayList<Float>();
            FinishReason reason = null;
            for (var chunk : process.chunks("a")) {
                if (chunk.getAnswer() == answer) {
                    tokens.addAll(chunk.getTokenIds());
                    if (chunk.getLogprobs() != null) {
                        chunk.getLogprobs().forEach(token -> logprobs.add(token.getLogprob()));
                    }
                    reason = chunk.getFinish() == null ? reason : chunk.getFinish().getReason();
                }
            }
            return new Seen(tokens, logprobs, process.text("a", answer), reason);
        }
    }

    /// Answers a request, with a crash after some of its chunks were committed.
    ///
    /// @param chunks the number of chunks before the crash; 0 for no crash
    private static List<Seen> answers(GenerationRequest request, int chunks) {
        var process = new SimulatedProcess(SimulatedProcess.config(), 1, SLOTS, ConstrainedAnswersTest::engine);
        process.send(0, request);
        if (chunks > 0) {
            process.runUntilChunks("a", chunks);
            process.ticks(3);       // these tokens are not committed, and are drawn again
            process.crash();
        }
        run(process, "a");
        assertThat(process.chunks("a").stream().filter(TokenChunk::getTerminal)).hasSize(1);
        return IntStream.range(0, request.getAnswers()).mapToObj(answer -> Seen.of(process, answer)).toList();
    }

    private static void run(SimulatedProcess process, String id) {
        process.runUntil(() -> !process.results(id).isEmpty());
        assertThat(process.results(id)).as(id).hasSize(1);
    }

    private static TokenEngine engine() {
        return TinyEngine.start(model, SLOTS, 256);
    }
}
