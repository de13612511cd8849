package dev.flover.benchmarks.delivery.check;

import dev.flover.schemas.Finish;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/// The part of an answer that was read so far, compared with the expected answer as it arrives.
final class ReceivedAnswer {
    private final ExpectedAnswer expected;
    private final StringBuilder text = new StringBuilder();
    /// The token ids for a reader that drops positions it has seen and stops at the first terminal chunk.
    private final List<Integer> deduplicated = new ArrayList<>();
    private boolean deduplicatedEnded;
    private int next;
    private int tokens;
    private int gaps;
    private int repeats;
    private int differingTokens;
    private int differingLogprobs;
    private int differingEnds;
    private int terminals;
    private int results;
    private int differingResults;
    private int contradictions;

    ReceivedAnswer(ExpectedAnswer expected) {
        this.expected = expected;
    }

    void committed(TokenChunk chunk) {
        int position = chunk.getPosition();
        int count = chunk.getTokenIds().size();
        tokens += count;
        gaps += Math.max(0, position - next);
        repeats += Math.clamp(next - position, 0, count);
        next = Math.max(next, position + count);
        differingTokens += differences(chunk);
        compareLogprobs(chunk);
        text.append(chunk.getText());
        deduplicate(chunk);
        if (chunk.getFinish() != null && !isExpected(chunk.getFinish())) {
            differingEnds++;
        }
        if (chunk.getTerminal()) {
            terminals++;
            differingEnds += chunk.getFinish() == null ? 1 : 0;
        }
    }

    /// Takes an uncommitted chunk: it may repeat others and may never be committed, but its tokens must be right.
    void provisional(TokenChunk chunk) {
        contradictions += differences(chunk);
    }

    void result(GenerationResult result) {
        results++;
        boolean equal = result.getTokenIds().equals(expected.tokenIds())
                && result.getText().equals(expected.text())
                && result.getFinishReason() == expected.reason()
                && result.getPromptTokens() == expected.promptTokens()
                && result.getCompletionTokens() == expected.tokenIds().size();
        differingResults += equal ? 0 : 1;
    }

    private int differences(TokenChunk chunk) {
        int differences = chunk.getAnswer() == 0 ? 0 : chunk.getTokenIds().size();
        for (int i = 0; i < chunk.getTokenIds().size() && chunk.getAnswer() == 0; i++) {
            int position = chunk.getPosition() + i;
            boolean equal = position < expected.tokenIds().size()
                    && expected.tokenIds().get(position).equals(chunk.getTokenIds().get(i));
            differences += equal ? 0 : 1;
        }
        return differences;
    }

    private void compareLogprobs(TokenChunk chunk) {
        var logprobs = expected.logprobs();
        int wanted = logprobs == null ? 0 : chunk.getTokenIds().size();
        int found = chunk.getLogprobs() == null ? 0 : chunk.getLogprobs().size();
        differingLogprobs += Math.abs(wanted - found);
        for (int i = 0; i < Math.min(wanted, found); i++) {
            int position = chunk.getPosition() + i;
            boolean equal = logprobs != null && position < logprobs.size()
                    && logprobs.get(position).equals(chunk.getLogprobs().get(i));
            differingLogprobs += equal ? 0 : 1;
        }
    }

    private boolean isExpected(Finish finish) {
        return finish.getReason() == expected.reason()
                && Objects.equals(finish.getStop(), expected.stop())
                && finish.getPromptTokens() == expected.promptTokens()
                && finish.getCompletionTokens() == expected.tokenIds().size();
    }

    private void deduplicate(TokenChunk chunk) {
        if (deduplicatedEnded) {
            return;
        }
        for (int i = 0; i < chunk.getTokenIds().size(); i++) {
            if (chunk.getPosition() + i == deduplicated.size()) {
                deduplicated.add(chunk.getTokenIds().get(i));
            }
        }
        deduplicatedEnded = chunk.getTerminal();
    }

    boolean isEnded() {
        return terminals > 0;
    }

    /// Tells whether the terminal chunk and the result were read.
    boolean isComplete() {
        return terminals > 0 && results > 0;
    }

    /// @param decoding turns token ids into text
    Findings findings(Function<List<Integer>, String> decoding) {
        boolean readable = decoding.apply(deduplicated).equals(expected.text());
        return FindingsBuilder.builder().generations(1).tokens(tokens)
                .gaps(gaps + Math.max(0, expected.tokenIds().size() - next)).repeats(repeats)
                .differingTokens(differingTokens).differingTexts(text.toString().equals(expected.text()) ? 0 : 1)
                .differingLogprobs(differingLogprobs).differingEnds(differingEnds)
                .missingTerminals(terminals == 0 ? 1 : 0).doubleTerminals(Math.max(0, terminals - 1))
                .missingResults(results == 0 ? 1 : 0).doubleResults(Math.max(0, results - 1))
                .differingResults(differingResults).contradictions(contradictions).unreadable(readable ? 0 : 1)
                .build();
    }
}
