package dev.flover.http.topics;

/// Thrown when a client reads so slowly that chunks are no longer kept for it in memory. The tokens topic still has
/// them.
public final class SlowReaderException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SlowReaderException(int kept) {
        super("the client reads too slowly: more than " + kept + " chunks wait for it; connect again with "
                + "Last-Event-ID to continue the stream");
    }
}
