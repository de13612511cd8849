package dev.flover.app.page;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/// One browser that watches: a bounded queue of frames. When the queue is full, all frames in it are dropped.
final class PageClient {
    /// Frames of about three seconds.
    static final int MOST_FRAMES = 32;

    private final BlockingQueue<byte[]> frames = new ArrayBlockingQueue<>(MOST_FRAMES);
    private final boolean named;
    private volatile boolean gone;
    private int dropped;

    /// @param named whether its frames contain ids of requests
    PageClient(boolean named) {
        this.named = named;
    }

    boolean isNamed() {
        return named;
    }

    /// Adds a frame. Never blocks. Called by the publisher.
    ///
    /// @return false if the queue was full; it is empty then, and the client needs a frame from which it can go on
    boolean offer(byte[] frame) {
        if (frames.offer(frame)) {
            return true;
        }
        dropped += frames.size() + 1;
        frames.clear();
        return false;
    }

    /// Returns the number of frames that were dropped since the last call. Called by the publisher.
    int takeDropped() {
        int count = dropped;
        dropped = 0;
        return count;
    }

    /// Ends [#writeTo].
    void close() {
        gone = true;
    }

    /// Writes the frames as they come, until the browser goes or the client is closed.
    ///
    /// @throws IOException if the browser has gone
    void writeTo(OutputStream out) throws IOException, InterruptedException {
        while (!gone) {
            var frame = frames.poll(1, TimeUnit.SECONDS);
            if (frame != null) {
                out.write(frame);
                out.flush();
            }
        }
    }
}
