package dev.flover.benchmarks.delivery;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.flover.benchmarks.delivery.check.ExpectedAnswer;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.TokenChunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Sends some requests more than once and different requests under the same ids, and checks the promise for them: the
/// answer of an ended request is repeated unchanged, a live one is not answered twice, and a different request is
/// refused. Thread-safe.
final class Retries {
    private static final int KINDS_REPEAT_EVERY = 10;

    private final Map<String, Retry> retries = new LinkedHashMap<>();
    private long unasked;

    /// When a request is sent again.
    enum Kind {
        ONCE(0, 0), WHILE_LIVE(0, 1), AFTER_ITS_END(1, 1), BOTH(1, 2), ANOTHER_UNDER_ITS_ID(0, 0);

        /// The fewest repeats of its answer.
        final int least;
        /// The most repeats of its answer.
        final int most;

        Kind(int least, int most) {
            this.least = least;
            this.most = most;
        }

        boolean isSentAgainAtOnce() {
            return this == WHILE_LIVE || this == BOTH;
        }

        boolean isSentAgainLater() {
            return this == AFTER_ITS_END || this == BOTH;
        }
    }

    /// The findings. If the promise was kept, all numbers but the first three are 0.
    ///
    /// @param unasked  repeated chunks and refusals for requests that were sent once
    /// @param differing repeated answers or results that differ from the first
    record Outcome(
            @JsonProperty("sent_again") long sentAgain,
            @JsonProperty("said_again") long saidAgain,
            @JsonProperty("refused") long refused,
            @JsonProperty("missing") long missing,
            @JsonProperty("unasked") long unasked,
            @JsonProperty("differing") long differing) {
        boolean isClean() {
            return missing + unasked + differing == 0;
        }
    }

    private static final class Retry {
        final GenerationRequest request;
        final ExpectedAnswer expected;
        final Kind kind;
        final List<Integer> tokens = new ArrayList<>();
        final StringBuilder text = new StringBuilder();
        byte @Nullable [] result;
        boolean sentAfterEnd;
        int sentAgain;
        int saidAgain;
        int resultsAgain;
        int refusals;
        int deadLetters;
        int differing;

        Retry(GenerationRequest request, ExpectedAnswer expected, Kind kind) {
            this.request = request;
            this.expected = expected;
            this.kind = kind;
        }

        int refusalsWanted() {
            return kind == Kind.ANOTHER_UNDER_ITS_ID ? 1 : 0;
        }

        boolean isComplete() {
            return saidAgain >= kind.least && resultsAgain == saidAgain && refusals == refusalsWanted()
                    && deadLetters == refusalsWanted() && (sentAfterEnd || !kind.isSentAgainLater());
        }
    }

    private Retries() {}

    /// Makes an object that sends nothing more than once.
    static Retries none() {
        return new Retries();
    }

    /// Assigns a kind of retry to each request: half of them are sent once, the others in each of the other ways.
    ///
    /// @param expected the expected answers in the order of the requests
    static Retries among(List<GenerationRequest> requests, List<ExpectedAnswer> expected) {
        var all = new Retries();
        for (int i = 0; i < requests.size(); i++) {
            all.retries.put(requests.get(i).getId(), new Retry(requests.get(i), expected.get(i), kindOf(i)));
        }
        return all;
    }

    private static Kind kindOf(int number) {
        return switch (number % KINDS_REPEAT_EVERY) {
            case 1 -> Kind.WHILE_LIVE;
            case 3, 8 -> Kind.AFTER_ITS_END;
            case 5 -> Kind.BOTH;
            case 7 -> Kind.ANOTHER_UNDER_ITS_ID;
            default -> Kind.ONCE;
        };
    }

    /// Returns the requests to send directly after a request.
    synchronized List<GenerationRequest> behind(GenerationRequest request) {
        var retry = retries.get(request.getId());
        if (retry == null) {
            return List.of();
        }
        if (retry.kind == Kind.ANOTHER_UNDER_ITS_ID) {
            return List.of(GenerationRequest.newBuilder(request).setPrompt(request.getPrompt() + ", and").build());
        }
        if (retry.kind.isSentAgainAtOnce()) {
            retry.sentAgain++;
            return List.of(request);
        }
        return List.of();
    }

    /// Returns the requests to send again now, because they have ended.
    synchronized List<GenerationRequest> due(Predicate<String> hasEnded) {
        var due = new ArrayList<GenerationRequest>();
        for (var retry : retries.values()) {
            if (retry.kind.isSentAgainLater() && !retry.sentAfterEnd && hasEnded.test(retry.request.getId())) {
                retry.sentAfterEnd = true;
                retry.sentAgain++;
                due.add(retry.request);
            }
        }
        return due;
    }

    /// Takes a committed chunk that is marked as a repeat or that refuses a record.
    synchronized void committed(TokenChunk chunk) {
        var retry = retries.get(chunk.getRequestId());
        if (retry == null) {
            unasked++;
        } else if (chunk.getRefused() != null) {
            retry.refusals++;
        } else {
            said(retry, chunk);
        }
    }

    private static void said(Retry retry, TokenChunk chunk) {
        retry.differing += chunk.getPosition() == retry.tokens.size() ? 0 : 1;
        retry.tokens.addAll(chunk.getTokenIds());
        retry.text.append(chunk.getText());
        if (chunk.getTerminal()) {
            var expected = retry.expected;
            var finish = chunk.getFinish();
            boolean equal = retry.tokens.equals(expected.tokenIds()) && retry.text.toString().equals(expected.text())
                    && finish != null && finish.getReason() == expected.reason()
                    && finish.getCompletionTokens() == expected.tokenIds().size();
            retry.differing += equal ? 0 : 1;
            retry.saidAgain++;
            retry.tokens.clear();
            retry.text.setLength(0);
        }
    }

    /// Takes a record of the results topic.
    ///
    /// @return whether it is a repeated result of a request that was sent again
    synchronized boolean isFurtherResult(String id, byte[] value) {
        var retry = retries.get(id);
        if (retry == null) {
            return false;
        }
        if (retry.result == null) {
            retry.result = value;
            return false;
        }
        if (retry.kind.most == 0) {
            return false;
        }
        retry.resultsAgain++;
        retry.differing += Arrays.equals(retry.result, value) ? 0 : 1;
        return true;
    }

    /// Takes a dead letter.
    ///
    /// @return whether it is the dead letter of a request that had to be refused
    synchronized boolean isRefusedRecord(String id) {
        var retry = retries.get(id);
        if (retry == null || retry.deadLetters == retry.refusalsWanted()) {
            return false;
        }
        retry.deadLetters++;
        return true;
    }

    synchronized boolean isComplete() {
        return retries.values().stream().allMatch(Retry::isComplete);
    }

    synchronized Outcome outcome() {
        var sum = new Outcome(0, 0, 0, 0, unasked, 0);
        for (var retry : retries.values()) {
            int missing = Math.max(0, retry.kind.least - retry.saidAgain)
                    + Math.abs(retry.saidAgain - retry.resultsAgain)
                    + Math.max(0, retry.refusalsWanted() - Math.min(retry.refusals, retry.deadLetters));
            int more = Math.max(0, retry.saidAgain - retry.kind.most)
                    + Math.max(0, retry.refusals - retry.refusalsWanted());
            sum = new Outcome(sum.sentAgain + retry.sentAgain, sum.saidAgain + retry.saidAgain,
                    sum.refused + retry.refusals, sum.missing + missing, sum.unasked + more,
                    sum.differing + retry.differing);
        }
        return sum;
    }
}
