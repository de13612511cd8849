package dev.flover.http.topics;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The chunks of one generation in order, each once: first what the topic holds, then what comes.
///
/// ```
///   topic:   ... [0..3] ... [4..4] ... [5..9] | ... [10..11] ...
///                └──────── PastReader ───────┘ └── Subscription ──
/// ```
///
/// Where the first chunk that comes is not the beginning, because the same request was sent before and is being
/// answered, what was said already is read first. An answer that is said again, to a request that was sent again after
/// its end, is read from its beginning. For one reader; not safe for several threads.
public final class AnswerStream implements AutoCloseable {
    private static final int ANY = -1;

    private final Subscription live;
    private final PastReader past;
    private final Deque<ReadChunk> pending = new ArrayDeque<>();
    /// Position that comes next, by answer.
    private final Map<Integer, Integer> next = new HashMap<>();
    private final int first;
    private int partition;
    private long pastFrom;
    private long pastTo;
    private long last = ANY;
    /// Where this reader's own request stands.
    private Place request;
    private Boolean repeat;
    private boolean looked;
    private boolean ended;

    private AnswerStream(Subscription live, PastReader past, int first) {
        this.live = live;
        this.past = past;
        this.first = first;
    }

    /// Of a request that is written next, by [#requested].
    static AnswerStream ofNew(TokenFeed feed, PastReader past, String id) {
        return new AnswerStream(feed.subscribe(id), past, 0);
    }

    /// From a place of the tokens topic on.
    ///
    /// @param fromBeginning whether what comes first there is the beginning of the answers
    static AnswerStream from(TokenFeed feed, PastReader past, String id, Place place, boolean fromBeginning) {
        var stream = new AnswerStream(feed.subscribe(id), past, fromBeginning ? 0 : ANY);
        stream.partition = place.partition();
        stream.pastFrom = place.offset();
        stream.pastTo = feed.position(place.partition());
        return stream;
    }

    /// Says where the own request stands, so that its refusal is told from that of others.
    public void requested(Place place) {
        request = place;
    }

    Place request() {
        return request;
    }

    /// Keeps what comes within a time for [#next].
    ///
    /// @throws RefusedRequestException if that says that another request was sent under the id before
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

    /// The next chunk, after waiting for it at most so long; empty where none came, and after the last one.
    ///
    /// @throws RefusedRequestException if another request was sent under the id before
    /// @throws LostChunksException     if the topic does not hold what comes next
    /// @throws SlowReaderException     if the reader fell behind by too much
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

    /// Whether the terminal chunk was read.
    public boolean isEnded() {
        return ended;
    }

    /// Whether all that the topic held was read, so that what follows comes as it is said.
    public boolean isLive() {
        return pending.isEmpty() && pastFrom >= pastTo;
    }

    private Optional<ReadChunk> candidate(Duration wait) throws InterruptedException {
        while (pending.isEmpty() && pastFrom < pastTo) {
            var batch = past.chunks(partition, pastFrom, pastTo, live.id());
            pending.addAll(batch.chunks());
            pastFrom = batch.next();
        }
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
                return false;       // said again to somebody else; ours begins at 0
            }
            goBack(read, expected);
            return false;
        }
        partition = read.place().partition();
        last = read.place().offset();
        boolean known = expected != ANY && read.end() <= expected && !chunk.getTokenIds().isEmpty();
        if (known) {
            return false;           // said twice by a pipeline that delivers at least once
        }
        if (expected != ANY && chunk.getPosition() < expected) {
            throw new LostChunksException("tokens were said again, cut otherwise, by a pipeline that delivers at least "
                    + "once: expected position " + expected + ", found a chunk that begins at " + chunk.getPosition());
        }
        repeat = chunk.getRepeat();
        next.put(chunk.getAnswer(), read.end());
        ended = chunk.getTerminal();
        return true;
    }

    /// Reads what was said before this chunk, and then the chunk again.
    private void goBack(ReadChunk read, int expected) throws InterruptedException {
        var place = read.place();
        var start = looked ? OptionalLong.empty() : past.start(place.partition(), live.id(), place.offset());
        if (start.isEmpty()) {
            throw new LostChunksException("the topic does not hold position " + expected + " of answer "
                    + read.chunk().getAnswer() + " any more; the next one that it has is "
                    + read.chunk().getPosition());
        }
        looked = true;
        partition = place.partition();
        pastFrom = start.getAsLong();
        pastTo = 1 + (pending.isEmpty() ? place.offset() : pending.peekLast().place().offset());
        pending.clear();
        last = pastFrom - 1;
    }

    @Override
    public void close() {
        live.close();
    }
}
