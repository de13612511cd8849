package dev.flover.benchmarks.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.benchmarks.delivery.Retries.Kind;
import dev.flover.benchmarks.delivery.check.ExpectedAnswer;
import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.Refused;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RetriesTest {
    private final List<GenerationRequest> requests = new ArrayList<>();
    private Retries retries;

    @BeforeEach
    void tenRequestsAreSent() {
        TrustedRecords.trust();
        var expected = new ArrayList<ExpectedAnswer>();
        for (int i = 0; i < 10; i++) {
            requests.add(GenerationRequest.newBuilder().setId("r" + i).setPrompt("p")
                    .setSampling(Sampling.newBuilder().build()).build());
            expected.add(new ExpectedAnswer("r" + i, List.of(1, 2), "ab", null, FinishReason.LENGTH, null, 3));
        }
        retries = Retries.among(requests, expected);
        requests.forEach(retries::behind);
        requests.forEach(request -> retries.isFurtherResult(request.getId(), new byte[] {1}));
        retries.due(id -> true);
    }

    private static TokenChunk repeat(String id, List<Integer> tokens, String text) {
        return TokenChunk.newBuilder().setRequestId(id).setPosition(0).setTokenIds(tokens).setText(text)
                .setFinish(Finish.newBuilder().setReason(FinishReason.LENGTH).setCompletionTokens(2).build())
                .setTerminal(true).setRepeat(true).build();
    }

    private void everythingAsPromised() {
        for (String id : List.of("r3", "r5", "r8")) {
            retries.committed(repeat(id, List.of(1, 2), "ab"));
            assertThat(retries.isFurtherResult(id, new byte[] {1})).isTrue();
        }
        refuse("r7");
        assertThat(retries.isRefusedRecord("r7")).isTrue();
    }

    private void refuse(String id) {
        retries.committed(TokenChunk.newBuilder().setRequestId(id).setPosition(0).setTokenIds(List.of()).setText("")
                .setRefused(new Refused(0, 9L, "other")).build());
    }

    @Test
    void allKindsAreSentAndComplete() {
        assertThat(retries.isComplete()).isFalse();
        everythingAsPromised();
        assertThat(retries.isComplete()).isTrue();
        assertThat(retries.outcome()).isEqualTo(new Retries.Outcome(5, 3, 1, 0, 0, 0));
        assertThat(Kind.BOTH.isSentAgainAtOnce() && Kind.BOTH.isSentAgainLater()).isTrue();
    }

    @Test
    void whatIsMissingIsFound() {
        assertThat(retries.outcome().missing()).isEqualTo(4);
        assertThat(retries.outcome().isClean()).isFalse();
    }

    @Test
    void whatNobodyAskedForIsFound() {
        everythingAsPromised();
        retries.committed(repeat("r0", List.of(1, 2), "ab"));
        refuse("r2");
        retries.committed(repeat("stranger", List.of(1, 2), "ab"));
        assertThat(retries.outcome().unasked()).isEqualTo(3);
        assertThat(retries.isFurtherResult("r0", new byte[] {1})).as("left to the other check").isFalse();
        assertThat(retries.isRefusedRecord("r0")).isFalse();
    }

    @Test
    void whatDiffersIsFound() {
        retries.committed(repeat("r3", List.of(1, 3), "ab"));
        retries.committed(repeat("r8", List.of(1, 2), "a"));
        assertThat(retries.isFurtherResult("r3", new byte[] {2})).isTrue();
        assertThat(retries.outcome().differing()).isEqualTo(3);
    }
}
