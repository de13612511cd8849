package dev.flover.benchmarks.delivery.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.TokenLogprob;
import dev.flover.schemas.serdes.TrustedRecords;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Checks one answer of four tokens, each of which is a letter, with every kind of fault in its records.
class DeliveryCheckTest {
    private static final String ID = "a";
    private static final List<TokenLogprob> LOGPROBS = List.of(
            logprob(65, -1), logprob(66, -2), logprob(67, -3), logprob(68, -4));
    private static final ExpectedAnswer EXPECTED =
            new ExpectedAnswer(ID, List.of(65, 66, 67, 68), "ABCD", LOGPROBS, FinishReason.LENGTH, null, 3);

    private DeliveryCheck check;

    @BeforeEach
    void begin() {
        TrustedRecords.trust();
        check = new DeliveryCheck(List.of(EXPECTED), (id, ids) -> text(ids));
    }

    @Test
    void anAnswerInAnyCutIsClean() {
        check.provisional(chunk(0, 65));
        check.provisional(chunk(0, 65, 66));      // a repeat after a crash
        check.committed(chunk(0, 65));
        check.committed(chunk(1, 66, 67));
        assertThat(check.isComplete()).isFalse();
        check.committed(last(3, 68));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(check.isComplete()).isTrue();
        assertThat(check.ended()).isEqualTo(1);
        assertThat(check.committedTokens()).isEqualTo(4);
        assertThat(check.findings()).isEqualTo(
                FindingsBuilder.builder().generations(1).tokens(4).build());
        assertThat(check.findings().isClean()).isTrue();
    }

    @Test
    void aGapIsFound() {
        check.committed(chunk(0, 65));
        check.committed(last(2, 67, 68));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().gaps()).isEqualTo(1);
        assertThat(faults().differingTexts()).isEqualTo(1);
        assertThat(faults().unreadable()).isEqualTo(1);
    }

    @Test
    void anAnswerThatEndsTooEarlyIsAGap() {
        check.committed(last(0, 65, 66));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().gaps()).isEqualTo(2);
    }

    @Test
    void aRepeatIsFoundAndAReaderThatDropsItReadsTheRightText() {
        check.committed(chunk(0, 65, 66));
        check.committed(chunk(1, 66, 67));
        check.committed(last(3, 68));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().repeats()).isEqualTo(1);
        assertThat(faults().differingTexts()).isEqualTo(1);
        assertThat(faults().unreadable()).isZero();
    }

    @Test
    void anAnswerThatComesAsAWholeAgainIsFound() {
        check.committed(last(0, 65, 66, 67, 68));
        check.committed(last(0, 65, 66, 67, 68));
        check.result(result("ABCD", 65, 66, 67, 68));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().repeats()).isEqualTo(4);
        assertThat(faults().doubleTerminals()).isEqualTo(1);
        assertThat(faults().doubleResults()).isEqualTo(1);
        assertThat(faults().unreadable()).isZero();
    }

    @Test
    void anotherTokenIsFound() {
        check.committed(chunk(0, 65, 66));
        check.committed(last(2, 67, 69));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().differingTokens()).isEqualTo(1);
    }

    @Test
    void tokensBeyondTheEndAreFound() {
        check.committed(last(0, 65, 66, 67, 68, 69));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().differingTokens()).isEqualTo(1);
    }

    @Test
    void anotherTextIsFoundThoughTheTokensAreRight() {
        check.committed(TokenChunk.newBuilder(last(0, 65, 66, 67, 68)).setText("ABCE").build());
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().differingTexts()).isEqualTo(1);
        assertThat(faults().differingTokens()).isZero();
    }

    @Test
    void anotherLogprobOrNoneIsFound() {
        check.committed(TokenChunk.newBuilder(chunk(0, 65, 66))
                .setLogprobs(List.of(LOGPROBS.get(0), logprob(66, -2.0000002f))).build());
        check.committed(TokenChunk.newBuilder(last(2, 67, 68)).setLogprobs(null).build());
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().differingLogprobs()).isEqualTo(3);
    }

    @Test
    void anotherFinishReasonOrUsageIsFound() {
        check.committed(last(0, FinishReason.STOP, 4, 65, 66, 67, 68));
        check.result(result("ABCD", 65, 66, 67, 68));
        assertThat(faults().differingEnds()).isEqualTo(1);

        begin();
        check.committed(last(0, FinishReason.LENGTH, 5, 65, 66, 67, 68));
        check.result(result("ABCD", 65, 66, 67, 68));
        assertThat(faults().differingEnds()).isEqualTo(1);
    }

    @Test
    void noEndAndNoResultAreFound() {
        check.committed(chunk(0, 65, 66, 67, 68));

        assertThat(check.isComplete()).isFalse();
        assertThat(faults().missingTerminals()).isEqualTo(1);
        assertThat(faults().missingResults()).isEqualTo(1);
    }

    @Test
    void anEmptySecondTerminalIsFound() {
        check.committed(last(0, 65, 66, 67, 68));
        check.committed(last(4));
        check.result(result("ABCD", 65, 66, 67, 68));

        assertThat(faults().doubleTerminals()).isEqualTo(1);
        assertThat(faults().repeats()).isZero();
    }

    @Test
    void aResultThatDiffersIsFound() {
        check.committed(last(0, 65, 66, 67, 68));
        check.result(result("ABCE", 65, 66, 67, 68));

        assertThat(faults().differingResults()).isEqualTo(1);
    }

    @Test
    void deadLettersStrangersAndContradictionsAreFound() {
        check.committed(last(0, 65, 66, 67, 68));
        check.result(result("ABCD", 65, 66, 67, 68));
        assertThat(check.findings().isClean()).isTrue();

        check.deadLetter();
        check.committed(TokenChunk.newBuilder(chunk(0, 65)).setRequestId("b").build());
        check.provisional(chunk(1, 65));

        assertThat(faults().deadLetters()).isEqualTo(1);
        assertThat(faults().strangers()).isEqualTo(1);
        assertThat(faults().contradictions()).isEqualTo(1);
    }

    private Findings faults() {
        var findings = check.findings();
        assertThat(findings.isClean()).isFalse();
        return findings;
    }

    private static TokenChunk chunk(int position, Integer... ids) {
        var logprobs = List.of(ids).stream()
                .map(id -> id < 69 ? LOGPROBS.get(id - 65) : logprob(id, -5))
                .toList();
        return TokenChunk.newBuilder().setRequestId(ID).setPosition(position).setTokenIds(List.of(ids))
                .setText(text(List.of(ids))).setLogprobs(logprobs).build();
    }

    private static TokenChunk last(int position, Integer... ids) {
        return last(position, FinishReason.LENGTH, 4, ids);
    }

    private static TokenChunk last(int position, FinishReason reason, int completionTokens, Integer... ids) {
        var finish = Finish.newBuilder()
                .setReason(reason).setPromptTokens(3).setCompletionTokens(completionTokens).build();
        return TokenChunk.newBuilder(chunk(position, ids)).setTerminal(true).setFinish(finish).build();
    }

    private static GenerationResult result(String text, Integer... ids) {
        return GenerationResult.newBuilder().setRequestId(ID).setText(text).setTokenIds(List.of(ids))
                .setFinishReason(FinishReason.LENGTH).setPromptTokens(3).setCompletionTokens(4)
                .setRequestedAt(Instant.EPOCH).setFinishedAt(Instant.EPOCH).build();
    }

    private static TokenLogprob logprob(int id, float value) {
        return new TokenLogprob(id, value, List.of());
    }

    private static String text(List<Integer> ids) {
        return ids.stream().map(Character::toString).collect(Collectors.joining());
    }
}
