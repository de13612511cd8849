package dev.flover.client;

import dev.flover.schemas.TokenChunk;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The answers to one request. They are read once, in one of three ways:
///
/// ```
///   for (TokenChunk chunk : generation) { ... }      the calling thread waits for each chunk
///   generation.whole()                               a future of all answers
///   generation.publisher()                           chunks at the pace of a subscriber
/// ```
///
/// A chunk has some consecutive tokens of one answer and their text. If an answer does not end well, the reader gets a
/// [GenerationException] after the chunks that came before it.
///
/// A reader that is slow or stops reading does not hold up others: its chunks stay on the topic. Closing a generation
/// ends the reading and does not cancel the request.
public final class Generation implements Iterable<TokenChunk>, AutoCloseable {
    static final String ONE_READER = "a generation is read once; another reader of the same answer comes from attach";

    private final AnswerStream stream;
    private final Executor executor;
    private final AtomicBoolean isRead = new AtomicBoolean();

    Generation(AnswerStream stream, Executor executor) {
        this.stream = stream;
        this.executor = executor;
    }

    /// Returns the request's id, with which [Flover#attach] and [Flover#cancel] find it.
    public String id() {
        return stream.id();
    }

    /// Returns the chunks in order. Its methods wait for the next chunk, and throw [GenerationException].
    @Override
    public Iterator<TokenChunk> iterator() {
        claim();
        return new Chunks();
    }

    /// Returns a future of all answers. Cancelling the future ends the reading and does not cancel the request.
    public CompletableFuture<Completion> whole() {
        claim();
        var whole = new WholeAnswer(id());
        new ChunkPublisher(stream, executor, new AtomicBoolean()).subscribe(whole);
        return whole.future();
    }

    /// Returns a publisher of the chunks for one subscriber.
    public Flow.Publisher<TokenChunk> publisher() {
        return new ChunkPublisher(stream, executor, isRead);
    }

    private void claim() {
        if (isRead.getAndSet(true)) {
            throw new IllegalStateException(ONE_READER);
        }
    }

    /// Ends the reading. The request is computed nevertheless, and its answer stays on the topics.
    @Override
    public void close() {
        stream.close();
        stream.live().fail(new GenerationException.Unavailable(id(), "the reading of " + id() + " was closed", null));
    }

    private final class Chunks implements Iterator<TokenChunk> {
        private @Nullable TokenChunk next;

        @Override
        public boolean hasNext() {
            try {
                while (next == null && !stream.isEnded()) {
                    next = stream.poll().orElse(null);
                    if (next == null && !stream.isEnded()) {
                        stream.live().await();
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new GenerationException.Unavailable(id(), "interrupted while waiting for " + id(), e);
            }
            if (next == null) {
                stream.close();
                if (stream.verdict() != null) {
                    throw stream.verdict();
                }
            }
            return next != null;
        }

        @Override
        public TokenChunk next() {
            if (!hasNext() || next == null) {
                throw new NoSuchElementException("the answer to " + id() + " has ended");
            }
            var chunk = next;
            next = null;
            return chunk;
        }
    }
}
