package dev.flover.http.topics;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Reads new records of the tokens topic before they are committed. Its consumer runs while there is a reader, and for
/// some time after the last one has left, because the next one would wait until a new consumer is connected.
final class DrawnFeed implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(1);
    private static final long KEPT_S = 30;

    private final TopicAccess access;
    private final ChunkReading reading;
    private final CountDownLatch closing;
    private @Nullable TokenFeed feed;
    private CountDownLatch ending = new CountDownLatch(1);
    private int readers;
    /// The number of times that there was no reader left.
    private int pauses;

    /// @param closing is counted down when the bridge closes
    DrawnFeed(TopicAccess access, ChunkReading reading, CountDownLatch closing) {
        this.access = access;
        this.reading = reading;
        this.closing = closing;
    }

    /// Subscribes to the chunks of an id that are written from now on. Returns when none of them can be missed, or
    /// after some seconds: then the first chunks are missed.
    DrawnChunks subscribe(String id) throws InterruptedException {
        Subscription subscription;
        TokenFeed used;
        synchronized (this) {
            readers++;
            if (feed == null) {
                feed = TokenFeed.ofDrawn(access, reading, ending);
            }
            used = feed;
            subscription = used.subscribe(id);
        }
        long begin = System.nanoTime();
        while (!used.isReading() && closing.getCount() > 0 && System.nanoTime() - begin < PATIENCE.toNanos()) {
            Thread.sleep(LOOK);
        }
        return new DrawnChunks(subscription, this);
    }

    /// Stops the consumer later if no reader is left.
    synchronized void left() {
        if (--readers == 0) {
            int pause = ++pauses;
            Thread.ofVirtual().start(() -> stopAfter(pause));
        }
    }

    private void stopAfter(int pause) {
        try {
            if (!closing.await(KEPT_S, TimeUnit.SECONDS)) {
                stop(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void stop(int pause) {
        if (readers == 0 && pauses == pause) {
            close();
        }
    }

    @Override
    public synchronized void close() {
        if (feed != null) {
            ending.countDown();
            feed.close();
            feed = null;
            ending = new CountDownLatch(1);
        }
    }
}
