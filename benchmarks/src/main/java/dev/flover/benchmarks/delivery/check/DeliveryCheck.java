package dev.flover.benchmarks.delivery.check;

import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.TokenChunk;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Compares the records that were read with the expected answer of every generation. The chunks of a generation must be
/// passed in the order of their partition. Thread-safe.
public final class DeliveryCheck {
    private final Map<String, ReceivedAnswer> answers = new LinkedHashMap<>();
    private final Decoding decoding;
    private long strangers;
    private long deadLetters;
    private long committedTokens;
    private long ended;
    private long complete;

    /// Turns the token ids of a request's answer into text, as a client would.
    @FunctionalInterface
    public interface Decoding {
        String text(String requestId, List<Integer> tokenIds);
    }

    public DeliveryCheck(Collection<ExpectedAnswer> expected, Decoding decoding) {
        this.decoding = decoding;
        for (var answer : expected) {
            if (answers.put(answer.requestId(), new ReceivedAnswer(answer)) != null) {
                throw new IllegalArgumentException("two requests are called " + answer.requestId());
            }
        }
    }

    /// Takes a chunk that the reader of committed records read.
    public synchronized void committed(TokenChunk chunk) {
        var answer = answers.get(chunk.getRequestId());
        if (answer == null) {
            strangers++;
            return;
        }
        boolean wasEnded = answer.isEnded();
        boolean wasComplete = answer.isComplete();
        answer.committed(chunk);
        committedTokens += chunk.getTokenIds().size();
        count(answer, wasEnded, wasComplete);
    }

    /// Takes a chunk that the reader of uncommitted records read.
    public synchronized void provisional(TokenChunk chunk) {
        var answer = answers.get(chunk.getRequestId());
        if (answer == null) {
            strangers++;
        } else {
            answer.provisional(chunk);
        }
    }

    public synchronized void result(GenerationResult result) {
        var answer = answers.get(result.getRequestId());
        if (answer == null) {
            strangers++;
            return;
        }
        boolean wasComplete = answer.isComplete();
        answer.result(result);
        count(answer, answer.isEnded(), wasComplete);
    }

    public synchronized void deadLetter() {
        deadLetters++;
    }

    private void count(ReceivedAnswer answer, boolean wasEnded, boolean wasComplete) {
        ended += answer.isEnded() && !wasEnded ? 1 : 0;
        complete += answer.isComplete() && !wasComplete ? 1 : 0;
    }

    /// Tells whether a generation's last chunk and its result were read.
    public synchronized boolean hasEnded(String id) {
        return Objects.requireNonNull(answers.get(id)).isComplete();
    }

    /// Returns the number of committed tokens that were read so far.
    public synchronized long committedTokens() {
        return committedTokens;
    }

    /// Returns the number of generations whose last chunk was read.
    public synchronized long ended() {
        return ended;
    }

    /// Tells whether the last chunk and the result of every generation were read.
    public synchronized boolean isComplete() {
        return complete == answers.size();
    }

    public synchronized Findings findings() {
        var sum = FindingsBuilder.builder().deadLetters(deadLetters).strangers(strangers).build();
        for (var answer : answers.entrySet()) {
            sum = sum.plus(answer.getValue().findings(ids -> decoding.text(answer.getKey(), ids)));
        }
        return sum;
    }
}
