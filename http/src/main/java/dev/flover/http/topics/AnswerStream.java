package dev.flover.http.topics;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The chunks of one request's answers in order, each once: first those that are on the topic, then those that arrive.
///
/// ```
///   topic:   ... [0..3] ... [4..4] ... [5..9] | ... [10..11] ...
///                └──────── PastReader ───────┘ └── Subscription ──
/// ```
///
/// If the first chunk that arrives is not the beginning, because the same request was sent before and is being
/// answered, the earlier chunks are read first. An answer that is repeated, because its request was sent again after
/// its end, is read from its beginning. Not thread-safe: for one reader.
public final class AnswerStream implements AutoCloseable {
    private static final int ANY = -1;

    private final Subscription live;
    private final PastReader past;
    private final Deque<ReadChunk> pending = new ArrayDeque<>();
    /// The next position of each answer.
    private final Map<Integer, Integer> next = new HashMap<>();
    private final int first;
    private int partition;
    private long pastFrom;
    private long pastTo;
    private long last = ANY;
    /// The place of this reader's own request on the requests topic.
    private @Nullable Place request;
    private @Nullable Boolean repeat;
    private boolean looked;
    private boolean ended;

    private AnswerStream(Subscription live, PastReader past, int first) {
        this.live = live;
        this.past = past;
        this.first = first;
    }

    /// Makes the stream of a request that is written next; [#requested] then tells its place.
    static AnswerStream ofNew(TokenFeed feed, PastReader past, String id) {
        return new AnswerStream(feed.subscribe(id), past, 0);
    }

    /// Makes a stream that starts at a place of the tokens topic.
    ///
    /// @param fromBeginning whether the answers begin at that place
    /// @param end           an offset up to which records are on the topic, also if the feed has not read them yet
    static AnswerStream from(
            TokenFeed feed, PastReader past, String id, Place place, boolean fromBeginning, long end) {
        var stream = new AnswerStream(feed.subscribe(id), past, fromBeginning ? 0 : ANY);
        stream.partition = place.partition();
        stream.pastFrom = place.offset();
        stream.pastTo = Math.max(feed.takenUpTo(place.partition()), end);
        return stream;
    }

    /// Sets the place of this reader's own request, so that its refusal differs from refusals of other requests with
    /// its id.
    public void requested(Place place) {
        request = place;
    }

    @Nullable Place request() {
        return request;
    }

    /// Collects the chunks that arrive within `wait`, to be returned by [#next] later.
    ///
    /// @throws RefusedRequestException if a chunk says that a different request was sent under the id before
    void hold(Duration wait) throws InterruptedException {
        var come = live.poll(wait);
        while (come.isPresent()) {
            requireNotRefused(come.get());
            pending.add(come.get());
            come = live.poll(Duration.ZERO);
        }
    }

    private void requireNotRefused(ReadChunk read) {
        var other = read.chunk().getRefused();
        if (other != null && request != null && other.getPartition() == request.partition()
                && other.getOffset() == request.offset()) {
            throw new RefusedRequestException(other.getReason());
        }
    }

    /// Returns the next chunk, after waiting at most `wait` for it; empty if none arrives, and after the last one.
    ///
    /// @throws RefusedRequestException if a different request was sent under the id before
    /// @throws LostChunksException     if the topic does not have the next chunk any more
    /// @throws SlowReaderException     if too many chunks wait for the reader
    public Optional<ReadChunk> next(Duration wait) throws InterruptedException {
        while (!ended) {
            var candidate = candidate(wait);
            if (candidate.isEmpty()) {
                return candidate;
            }
            if (accept(candidate.get())) {
                return candidate;
            }
        }
        return Optional.empty();
    }

    /// Tells whether the terminal chunk was read.
    public boolean isEnded() {
        return ended;
    }

    /// Tells whether the topic has a chunk for this stream that was not returned yet.
    boolean hasPast() throws InterruptedException {
        while (pending.isEmpty() && pastFrom < pastTo) {
            var batch = past.chunks(partition, pastFrom, pastTo, live.id());
            pending.addAll(batch.chunks());
            pastFrom = batch.next();
        }
        return !pending.isEmpty();
    }

    private Optional<ReadChunk> candidate(Duration wait) throws InterruptedException {
        hasPast();
        return pending.isEmpty() ? live.poll(wait) : Optional.of(pending.poll());
    }

    private boolean accept(ReadChunk read) throws InterruptedException {
        var chunk = read.chunk();
        if (chunk.getRefused() != null) {
            requireNotRefused(read);
            return false;
        }
        boolean seen = read.place().partition() == partition && read.place().offset() <= last;
        if (seen || repeat != null && chunk.getRepeat() != repeat) {
            return false;
        }
        int expected = next.getOrDefault(chunk.getAnswer(), first);
        if (expected != ANY && chunk.getPosition() > expected) {
            if (repeat == null && chunk.getRepeat()) {
                return false;       // a repeat for another client; this answer begins at 0
            }
            goBack(read, expected);
            return false;
        }
        partition = read.place().partition();
        last = read.place().offset();
        boolean known = expected != ANY && read.end() <= expected && !chunk.getTokenIds().isEmpty();
        if (known) {
            return false;           // repeated by a pipeline with at-least-once delivery
        }
        if (expected != ANY && chunk.getPosition() < expected) {
            throw new LostChunksException("a pipeline with at-least-once delivery repeated tokens in chunks of other "
                    + "bounds: expected position " + expected
                    + ", found a chunk that begins at " + chunk.getPosition());
        }
        repeat = chunk.getRepeat();
        next.put(chunk.getAnswer(), read.end());
        ended = chunk.getTerminal();
        return true;
    }

    /// Reads the chunks before this one, and then this one again.
    private void goBack(ReadChunk read, int expected) throws InterruptedException {
        var place = read.place();
        var start = looked ? OptionalLong.empty() : past.start(place.partition(), live.id(), place.offset());
        if (start.isEmpty()) {
            throw new LostChunksException("the topic does not hold position " + expected + " of answer "
                    + read.chunk().getAnswer() + " any more; the next one that it has is "
                    + read.chunk().getPosition());
        }
        looked = true;
        long unread = partition == place.partition() ? pastTo : 0;
        partition = place.partition();
        pastFrom = start.getAsLong();
        pastTo = Math.max(unread, 1 + (pending.isEmpty() ? place.offset() : pending.peekLast().place().offset()));
        pending.clear();
        last = pastFrom - 1;
    }

    @Override
    public void close() {
        live.close();
    }
}
