package dev.flover.client;

import dev.flover.schemas.Refused;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The new chunks of one id, for one reader.
///
/// It holds a bounded number of chunks. Further ones are dropped, and the place of the first dropped one is kept, so
/// that the reader continues from there on the topic.
final class Subscription {
    static final int MOST_CHUNKS = 256;

    private final String id;
    private final boolean isOfRequest;
    private final Deque<ReadChunk> chunks = new ArrayDeque<>();
    /// Refusals that came before the place of the reader's own request was known.
    private final List<Refused> refusals = new ArrayList<>();
    private @Nullable Place request;
    private @Nullable Place gap;
    private @Nullable GenerationException failure;
    private Runnable listener = () -> { };
    private boolean woken;

    /// @param isOfRequest whether the reader writes a request of its own, which may be refused
    Subscription(String id, boolean isOfRequest) {
        this.id = id;
        this.isOfRequest = isOfRequest;
    }

    String id() {
        return id;
    }

    /// Sets the action that is called after each change; it must not block.
    synchronized void onChange(Runnable action) {
        listener = action;
    }

    /// Sets the place of the reader's own request, whose refusal concerns the reader; those of other requests do not.
    void requested(Place place) {
        synchronized (this) {
            request = place;
            refusals.forEach(refused -> refuse(refused, place));
            refusals.clear();
        }
        wake();
    }

    /// Adds a chunk. Never blocks.
    void offer(ReadChunk read) {
        synchronized (this) {
            var refused = read.chunk().getRefused();
            if (refused != null) {
                refused(refused);
            } else if (gap == null && chunks.size() < MOST_CHUNKS) {
                chunks.add(read);
            } else if (gap == null) {
                gap = new Place(read.partition(), read.offset());
            }
        }
        wake();
    }

    private void refused(Refused refused) {
        if (!isOfRequest) {
            return;
        }
        if (request == null) {
            refusals.add(refused);
        } else {
            refuse(refused, request);
        }
    }

    private void refuse(Refused refused, Place own) {
        if (refused.getPartition() == own.partition() && refused.getOffset() == own.offset()) {
            failure = new GenerationException.Refused(id, "the request " + id + " was refused: "
                    + refused.getReason());
        }
    }

    /// Ends the reader with an exception, after the chunks that it has not read yet are dropped.
    void fail(GenerationException problem) {
        synchronized (this) {
            failure = failure == null ? problem : failure;
        }
        wake();
    }

    synchronized void requireNoFailure() {
        if (failure != null) {
            throw failure;
        }
    }

    /// Returns the next chunk; null if there is none.
    synchronized @Nullable ReadChunk poll() {
        return chunks.poll();
    }

    /// Returns the place of the first chunk that was dropped, and accepts chunks again; null if none was dropped.
    synchronized @Nullable Place takeGap() {
        var taken = gap;
        gap = null;
        return taken;
    }

    /// Lets the reader look again.
    void wake() {
        Runnable action;
        synchronized (this) {
            woken = true;
            action = listener;
            notifyAll();
        }
        action.run();
    }

    /// Waits for the next call of [#wake]; returns at once if one came since the last wait.
    synchronized void await() throws InterruptedException {
        while (!woken) {
            wait();
        }
        woken = false;
    }
}
