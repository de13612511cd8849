package dev.flover.client;

import dev.flover.schemas.Finish;
import dev.flover.schemas.TokenChunk;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// The chunks of one request's answers in order, each once: first those that are on the topic, then those that arrive.
///
/// ```
///   topic:   ... [0..3] ... [4..4] ... [5..9] | ... [10..11] ...
///                └──────── PastReader ───────┘ └── Subscription ──
/// ```
///
/// Earlier chunks are read where a reader attaches, where the first chunk that arrives is not the beginning because the
/// same request was sent before, and where chunks were dropped because the reader was slow. An answer that is repeated,
/// because its request was sent again after its end, is read from its beginning. Used by one thread at a time.
final class AnswerStream {
    private final Subscription live;
    private final TokenFeed feed;
    private final PastReader past;
    private final Duration patience;
    private final Deque<ReadChunk> pending = new ArrayDeque<>();
    /// The next position of each answer.
    private final Map<Integer, Integer> next = new HashMap<>();
    private final Set<Integer> finished = new HashSet<>();
    private final int first;
    /// Completes when the pipeline has read the request; null if no chunk need be held back until then.
    private @Nullable CompletableFuture<Void> isRead;
    private boolean mustSearch;
    private int partition;
    private long pastFrom;
    private long pastTo;
    private long last = -1;
    private @Nullable Boolean repeat;
    private boolean looked;
    private boolean ended;
    private @Nullable GenerationException verdict;
    private long waitingSince;

    /// @param first      the position from which on each answer is wanted
    /// @param mustSearch whether the chunks up to now are searched on the topic
    AnswerStream(Subscription live, TokenFeed feed, PastReader past, Duration patience, int first,
            boolean mustSearch) {
        this.live = live;
        this.feed = feed;
        this.past = past;
        this.patience = patience;
        this.first = first;
        this.mustSearch = mustSearch;
    }

    String id() {
        return live.id();
    }

    Subscription live() {
        return live;
    }

    /// Holds all chunks back until the pipeline has read the request, because a different request may have been sent
    /// under the id before.
    void holdUntil(CompletableFuture<Void> read) {
        isRead = read;
        read.whenComplete((nothing, problem) -> live.wake());
    }

    /// Returns the next chunk; empty if none has arrived yet, and after the last one. Waits only for older records of
    /// the topics.
    ///
    /// @throws GenerationException if there will be no further chunk
    Optional<TokenChunk> poll() throws InterruptedException {
        if (ended) {
            return Optional.empty();
        }
        live.requireNoFailure();
        if (!mayRead()) {
            return nothing();
        }
        live.requireNoFailure();
        if (mustSearch) {
            mustSearch = false;
            search();
        }
        while (!ended) {
            var candidate = candidate();
            if (candidate == null) {
                return nothing();
            }
            var chunk = accept(candidate);
            if (chunk != null) {
                waitingSince = 0;
                return Optional.of(chunk);
            }
        }
        return Optional.empty();
    }

    /// Tells whether the terminal chunk was read.
    boolean isEnded() {
        return ended;
    }

    /// Returns why an answer of the request did not end well; null if all did.
    @Nullable GenerationException verdict() {
        return verdict;
    }

    void close() {
        feed.unsubscribe(live);
    }

    private boolean mayRead() {
        if (isRead == null) {
            return true;
        }
        if (!isRead.isDone()) {
            return false;
        }
        try {
            isRead.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof GenerationException known ? known
                    : new GenerationException.Unavailable(id(), e.getMessage(), e.getCause());
        }
        isRead = null;
        return true;
    }

    private Optional<TokenChunk> nothing() {
        long now = System.nanoTime();
        if (waitingSince == 0) {
            waitingSince = now;
        } else if (now - waitingSince > patience.toNanos()) {
            throw new GenerationException.Unavailable(id(), "no token of the answer to " + id() + " came within "
                    + patience.toSeconds() + " s; the request is kept: attach to it later, and see whether a pipeline "
                    + "runs", null);
        }
        return Optional.empty();
    }

    /// Finds the chunks up to now: in the partition that Java's clients choose for the id, then in the others.
    private void search() throws InterruptedException {
        int partitions = feed.partitions();
        int own = RequestWriter.partitionOf(id(), partitions);
        for (int i = 0; i < partitions; i++) {
            int searched = (own + i) % partitions;
            long to = past.end(searched, id());
            var start = past.start(searched, id(), to, first);
            if (start.isPresent()) {
                readAgain(searched, start.getAsLong(), to);
                return;
            }
        }
        for (int i = 0; i < partitions; i++) {
            if (past.isRequested((own + i) % partitions, id())) {
                return;
            }
        }
        throw new GenerationException.LostBeginning(id(), "neither the tokens topic nor the requests topic has a "
                + "record of " + id() + "; is the id right, and is the retention of the topics long enough?");
    }

    private void readAgain(int from, long begin, long end) {
        partition = from;
        pastFrom = begin;
        pastTo = end;
        last = begin - 1;
    }

    /// Returns the next chunk of the topic; null if none has arrived.
    private @Nullable ReadChunk candidate() throws InterruptedException {
        while (pending.isEmpty()) {
            if (pastFrom < pastTo) {
                var batch = past.chunks(partition, pastFrom, pastTo, id());
                pending.addAll(batch.chunks());
                pastFrom = batch.next();
                continue;
            }
            var arrived = live.poll();
            if (arrived != null) {
                return arrived;
            }
            var gap = live.takeGap();
            if (gap == null) {
                return null;
            }
            readAgain(gap.partition(), gap.offset(), feed.takenUpTo(gap.partition()));
        }
        return pending.poll();
    }

    /// Returns the chunk for the reader; null if the reader has it already, or it belongs to another copy of the
    /// answer.
    private @Nullable TokenChunk accept(ReadChunk read) throws InterruptedException {
        var chunk = read.chunk();
        boolean seen = read.partition() == partition && read.offset() <= last;
        if (seen || chunk.getRefused() != null || repeat != null && chunk.getRepeat() != repeat) {
            return null;
        }
        int expected = next.getOrDefault(chunk.getAnswer(), first);
        if (chunk.getPosition() > expected) {
            if (repeat != null || !chunk.getRepeat()) {     // otherwise a repeat for another client; ours begins at 0
                goBack(read, expected);
            }
            return null;
        }
        partition = read.partition();
        last = read.offset();
        repeat = chunk.getRepeat();
        boolean known = read.end() <= expected && !chunk.getTokenIds().isEmpty();
        if (!known && chunk.getPosition() < expected && read.end() > expected) {
            throw new GenerationException.LostBeginning(id(), "no record of the answer to " + id()
                    + " begins at position " + expected + "; the record around it has the positions "
                    + chunk.getPosition() + " to " + (read.end() - 1));
        }
        next.put(chunk.getAnswer(), Math.max(expected, read.end()));
        boolean finishes = chunk.getFinish() != null && finished.add(chunk.getAnswer());
        if (finishes) {
            judge(chunk.getFinish());
        }
        ended = chunk.getTerminal();
        if (!known) {
            return chunk;
        }
        return finishes || ended ? read.withoutTokens() : null;
    }

    private void judge(Finish finish) {
        var problem = GenerationException.of(id(), finish);
        verdict = verdict == null ? problem : verdict;
    }

    /// Reads the chunks before this one, and then this one again.
    private void goBack(ReadChunk read, int expected) throws InterruptedException {
        var start = looked ? OptionalLong.empty() : past.start(read.partition(), id(), read.offset(), expected);
        if (start.isEmpty()) {
            throw new GenerationException.LostBeginning(id(), "the tokens topic does not have position " + expected
                    + " of the answer to " + id() + " any more; its next record begins at position "
                    + read.chunk().getPosition());
        }
        looked = true;
        long unread = read.partition() == partition && pastFrom < pastTo ? pastTo : 0;
        long to = Math.max(unread, 1 + (pending.isEmpty() ? read.offset() : pending.peekLast().offset()));
        pending.clear();
        readAgain(read.partition(), start.getAsLong(), to);
    }
}
