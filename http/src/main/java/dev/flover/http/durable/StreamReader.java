package dev.flover.http.durable;

import dev.flover.http.topics.AnswerStream;
import dev.flover.http.topics.ReadChunk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the chunks of a generation from one token on, in parts of bounded size.
public final class StreamReader implements AutoCloseable {
    private static final int MOST_BYTES = 1 << 20;

    private final AnswerStream stream;
    private final Content content;
    private StreamToken token;

    /// A part of the stream.
    ///
    /// @param from     the token at which it begins
    /// @param next     the token after it
    /// @param upToDate whether there was no further record when it was read
    /// @param closed   whether the stream ends with it
    public record Part(List<byte[]> pieces, StreamToken from, StreamToken next, boolean upToDate, boolean closed) {
        public boolean isEmpty() {
            return pieces.isEmpty();
        }
    }

    /// Takes ownership of the chunks.
    ///
    /// @param stream the chunks after `token`
    public StreamReader(AnswerStream stream, Content content, StreamToken token) {
        this.stream = stream;
        this.content = content;
        this.token = token;
    }

    /// Returns the content that is on the topic already.
    public Part catchUp() throws InterruptedException {
        return collect(Optional.empty());
    }

    /// Waits for further content, for the end of the stream, or until `wait` has passed.
    public Part await(Duration wait) throws InterruptedException {
        long end = System.nanoTime() + wait.toNanos();
        while (!stream.isEnded()) {
            var left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
            var come = stream.next(left);
            if (come.isPresent() && (content.part(come.get().chunk()).length > 0 || stream.isEnded())) {
                return collect(come);
            }
            if (come.isEmpty() && left.isZero()) {
                break;
            }
        }
        return collect(Optional.empty());
    }

    /// Reads up to the present end, and returns an empty part there.
    public Part skip() throws InterruptedException {
        Part last;
        do {
            last = collect(Optional.empty());
        } while (!last.upToDate());
        return new Part(List.of(), token, token, true, last.closed());
    }

    private Part collect(Optional<ReadChunk> first) throws InterruptedException {
        var from = token;
        var pieces = new ArrayList<byte[]>();
        int bytes = first.map(read -> add(read, pieces)).orElse(0);
        boolean upToDate = false;
        while (bytes < MOST_BYTES && !upToDate) {
            var next = stream.next(Duration.ZERO);
            bytes += next.map(read -> add(read, pieces)).orElse(0);
            upToDate = next.isEmpty() || stream.isEnded();
        }
        return new Part(pieces, from, token, upToDate, stream.isEnded());
    }

    private int add(ReadChunk read, List<byte[]> pieces) {
        byte[] piece = content.part(read.chunk());
        if (piece.length > 0) {
            pieces.add(piece);
            token = StreamToken.after(read.place());
        }
        return piece.length;
    }

    @Override
    public void close() {
        stream.close();
    }
}
