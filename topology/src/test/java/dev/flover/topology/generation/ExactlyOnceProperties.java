package dev.flover.topology.generation;

import static dev.flover.topology.generation.SimulatedProcess.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import dev.flover.topology.config.OtherArithmetic;
import dev.flover.topology.config.Recovery;
import dev.flover.topology.state.StoreNames;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Ends processes at random moments and in different ways, and checks that the committed output is the one that an
/// uninterrupted run would have committed.
class ExactlyOnceProperties {
    private static final int SLOTS = 4;
    private static final int REQUESTS = 40;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 5, 8, 13})
    void crashesReopeningsAndCommitsAtRandomChangeNothing(long seed) {
        var random = new Random(seed);
        // Lives are so short here that some generations happen to end many of them; no generation may be given up for
        // that.
        var config = SimulatedProcess.config().with(new Recovery(OtherArithmetic.WAIT, 2, 1000));
        var process = new SimulatedProcess(config, 3, SLOTS, () -> new ScriptedEngine(SLOTS, "scripted"));
        var sent = new ArrayList<GenerationRequest>();
        for (int round = 0; round < 2500; round++) {
            if (sent.size() < REQUESTS && random.nextInt(20) == 0) {
                var request = request(random, sent.size());
                sent.add(request);
                process.send(partition(request.getId()), request);
            }
            process.tick();
            switch (random.nextInt(60)) {
                case 0 -> process.crash();
                case 1 -> process.reopen(random.nextInt(3));
                case 2, 3, 4, 5 -> process.commit();
                default -> { }
            }
        }
        process.settle();
        assertThat(sent).hasSize(REQUESTS);
        sent.forEach(request -> assertComplete(process, request));
        assertThat(process.deadLetterReasons()).isEmpty();
        assertThat(process.engine.status().running()).as("sequences left in the engine").isZero();
        for (int partition = 0; partition < 3; partition++) {
            assertThat(process.stored(partition, StoreNames.REQUESTS)).isZero();
            assertThat(process.stored(partition, StoreNames.PROGRESS)).isZero();
            assertThat(process.stored(partition, StoreNames.ATTEMPTS)).isZero();
        }
    }

    private static int partition(String id) {
        return Math.floorMod(id.hashCode(), 3);
    }

    private static GenerationRequest request(Random random, int number) {
        return SimulatedProcess.request("r" + number, ">" + text(random))
                .setAnswers(1 + random.nextInt(3))
                .setStop(random.nextBoolean() ? List.of("cab", "é!") : List.of())
                .setLogprobs(random.nextBoolean() ? 0 : null)
                .setPromptLogprobs(random.nextInt(3) == 0 ? 0 : null)
                .setMaxTokens(random.nextInt(5) == 0 ? 1 + random.nextInt(30) : null)
                .setPriority(random.nextInt(3))
                .build();
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        for (int length = random.nextInt(120); length > 0; length--) {
            text.append("abc é🎈!".codePointAt(random.nextInt(6)));
        }
        return text.toString().replaceAll("[\\uD800-\\uDFFF]", "");
    }

    private static void assertComplete(SimulatedProcess process, GenerationRequest request) {
        String id = request.getId();
        for (int answer = 0; answer < request.getAnswers(); answer++) {
            int index = answer;
            var chunks = process.chunks(id).stream().filter(chunk -> chunk.getAnswer() == index).toList();
            assertPromptLogprobs(request, answer, chunks);
            int position = 0;
            for (var chunk : chunks) {
                assertThat(chunk.getPosition()).as("position in %s of %s", chunk, id).isEqualTo(position);
                position += chunk.getTokenIds().size();
                if (request.getLogprobs() != null) {
                    assertLogprobs(chunk);
                }
            }
            var finish = chunks.getLast().getFinish();
            assertThat(finish.getCompletionTokens()).isEqualTo(position);
            assertThat(process.text(id, answer)).as("text of %s", request).isEqualTo(expectedText(request, position));
            assertThat(finish.getReason()).isIn(FinishReason.STOP, FinishReason.LENGTH);
        }
        assertThat(process.chunks(id).stream().filter(TokenChunk::getTerminal)).as("terminal of %s", id).hasSize(1);
        assertThat(process.result(id).getText()).isEqualTo(process.text(id, 0));
    }

    /// Requires the logprob of each token of the prompt once and in order, before the answer's first token.
    static void assertPromptLogprobs(GenerationRequest request, int answer, List<TokenChunk> chunks) {
        byte[] prompt = request.getPrompt().getBytes(StandardCharsets.UTF_8);
        int wanted = request.getPromptLogprobs() == null || answer > 0 ? 1 : prompt.length;
        int next = 1;
        for (var chunk : chunks) {
            if (chunk.getPromptLogprobs() != null) {
                assertThat(chunk.getPromptPosition()).isEqualTo(next);
                assertThat(chunk.getPosition()).as("tokens before the prompt's logprobs").isZero();
                for (var logprob : chunk.getPromptLogprobs()) {
                    assertThat(logprob.getTokenId()).isEqualTo(prompt[next] & 0xFF);
                    assertThat(logprob.getLogprob()).isEqualTo(-next);
                    next++;
                }
            }
        }
        assertThat(next).as("prompt tokens of %s", request).isEqualTo(wanted);
    }

    private static void assertLogprobs(TokenChunk chunk) {
        assertThat(chunk.getLogprobs()).hasSize(chunk.getTokenIds().size());
        for (int i = 0; i < chunk.getLogprobs().size(); i++) {
            assertThat(chunk.getLogprobs().get(i).getLogprob()).isEqualTo(-(chunk.getPosition() + i));
            assertThat(chunk.getLogprobs().get(i).getTokenId()).isEqualTo(chunk.getTokenIds().get(i));
        }
    }

    /// The scripted answer, up to its first stop string or its limit of tokens.
    private static String expectedText(GenerationRequest request, int tokens) {
        byte[] script = request.getPrompt().substring(1).getBytes(StandardCharsets.UTF_8);
        int length = Math.min(tokens, script.length);
        String text = new String(script, 0, length, StandardCharsets.UTF_8);
        int end = text.length();
        for (String stop : request.getStop()) {
            int found = text.indexOf(stop);
            end = found >= 0 ? Math.min(end, found) : end;
        }
        return text.substring(0, end);
    }
}
