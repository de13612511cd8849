package dev.flover.app.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.Alternative;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.TokenLogprob;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkLineTest {
    private static TokenChunk.Builder chunk() {
        return TokenChunk.newBuilder().setRequestId("a").setPosition(3).setTokenIds(List.of(7)).setText(" house");
    }

    @Test
    void logprobsAreLeftOutWhereNobodyAskedForThem() {
        assertThat(ChunkLine.of(chunk().build()).json()).isEqualTo(
                "{\"request_id\":\"a\",\"answer\":0,\"position\":3,\"token_ids\":[7],\"text\":\" house\"}");
    }

    @Test
    void logprobsOfAnswerAndPromptAreShown() {
        var token = new TokenLogprob(7, -0.5f, List.of(new Alternative(7, -0.5f), new Alternative(9, -1.25f)));
        var prompt = new TokenLogprob(4, -2f, List.of());

        var line = ChunkLine.of(chunk().setLogprobs(List.of(token)).setPromptLogprobs(List.of(prompt))
                .setPromptPosition(1).build());

        assertThat(line.json()).contains("\"logprobs\":[{\"token_id\":7,\"logprob\":-0.5,\"alternatives\":["
                + "{\"token_id\":7,\"logprob\":-0.5},{\"token_id\":9,\"logprob\":-1.25}]}]")
                .contains("\"prompt_position\":1,\"prompt_logprobs\":[{\"token_id\":4,\"logprob\":-2.0,"
                        + "\"alternatives\":[]}]");
        assertThat(line.logprobs().getFirst().words()).isEqualTo("7 -0.500 (7 -0.500, 9 -1.250)");
        assertThat(line.promptLogprobs().getFirst().words()).isEqualTo("4 -2.000");
    }
}
