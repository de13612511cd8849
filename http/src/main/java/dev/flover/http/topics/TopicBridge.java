package dev.flover.http.topics;

import dev.flover.schemas.GenerationRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/// Everything that the HTTP server needs of Kafka: writing requests and reading tokens.
public final class TopicBridge implements AutoCloseable {
    private static final Duration FIRST_LOOK = Duration.ofMillis(2);
    private static final Duration LAST_LOOK = Duration.ofMillis(250);
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final CountDownLatch closing = new CountDownLatch(1);
    private final ChunkReading reading;
    private final TokenFeed feed;
    private final DrawnFeed drawn;
    private final PastReader past;
    private final RequestWriter writer;
    private final ClusterWatch cluster;

    private TopicBridge(TopicAccess access) {
        reading = new ChunkReading(access.registry(), closing);
        writer = new RequestWriter(access);
        past = new PastReader(access, reading);
        feed = TokenFeed.start(access, reading, closing);
        drawn = new DrawnFeed(access, reading, closing);
        cluster = ClusterWatch.start(access, closing);
    }

    /// Starts the clients and returns at once; [#isReady] tells when requests can be sent.
    ///
    /// @throws KafkaException if the clients reject their properties
    public static TopicBridge start(TopicAccess access) {
        return new TopicBridge(access);
    }

    public ClusterView cluster() {
        return cluster.view();
    }

    public boolean isReady() {
        return feed.isReading() && cluster.view().problem() == null;
    }

    /// Returns the number of partitions of the topics.
    public int partitions() {
        return feed.partitions();
    }

    /// Returns an offset of the tokens topic at or before the next record of a partition.
    public long tokensPosition(int partition) {
        return feed.position(partition);
    }

    /// Writes a request under an id that was never used.
    ///
    /// @param headers headers of the request's record
    /// @return its answer, from the beginning
    public AnswerStream begin(GenerationRequest request, Map<String, String> headers) throws InterruptedException {
        return write(request, headers);
    }

    /// Writes a request under an id that may have been used, and attaches to the answer if it is the same request.
    ///
    /// It returns when the pipeline has read the request, so that it would have been refused if it were a different
    /// one.
    ///
    /// @param headers headers of the request's record
    /// @return the answer, from the beginning
    /// @throws RefusedRequestException if a different request was sent under the id before
    public AnswerStream attach(GenerationRequest request, Map<String, String> headers) throws InterruptedException {
        var stream = write(request, headers);
        try {
            awaitRead(stream, request.getModel());
            return stream;
        } catch (KafkaException e) {
            stream.close();
            throw new UnavailableException("asking how far requests are read failed: " + e.getMessage(), e);
        } catch (RuntimeException | InterruptedException e) {
            stream.close();
            throw e;
        }
    }

    /// Waits until the request was read. The refusal of a request is committed with the request's offset or earlier.
    private void awaitRead(AnswerStream stream, @Nullable String model) throws InterruptedException {
        var place = Objects.requireNonNull(stream.request());
        int partition = place.partition();
        long begin = System.nanoTime();
        for (var pause = FIRST_LOOK; !cluster.isRead(model, place); pause = longer(pause)) {
            stream.hold(pause);
            if (System.nanoTime() - begin > PATIENCE.toNanos() || closing.getCount() == 0) {
                throw new UnavailableException("no pipeline has read the request within " + PATIENCE.toSeconds()
                        + " s; it is kept: ask for it again under the same id", null);
            }
        }
        long committed = cluster.endOfTokens(partition);
        do {
            stream.hold(FIRST_LOOK);
        } while (feed.position(partition) < committed && closing.getCount() > 0);
    }

    private static Duration longer(Duration pause) {
        return pause.compareTo(LAST_LOOK) < 0 ? pause.multipliedBy(2) : LAST_LOOK;
    }

    private AnswerStream write(GenerationRequest request, Map<String, String> headers) throws InterruptedException {
        var stream = AnswerStream.ofNew(feed, past, request.getId());
        try {
            stream.requested(writer.write(request, headers));
            return stream;
        } catch (RuntimeException | InterruptedException e) {
            stream.close();
            throw e;
        }
    }

    /// Returns the chunks of an id from a place on, within an answer.
    public AnswerStream from(String id, Place place) {
        return AnswerStream.from(feed, past, id, place, false, 0);
    }

    /// Returns the chunks of an id after one of them; empty if there is no chunk of that id at the place. All chunks
    /// that are committed now are returned without waiting, also those that this bridge has not read yet.
    public Optional<AnswerStream> after(String id, Place chunk) throws InterruptedException {
        var stream = AnswerStream.from(feed, past, id, chunk, false, endOfTokens(chunk.partition()));
        try {
            if (stream.next(Duration.ZERO).filter(read -> read.place().equals(chunk)).isPresent()) {
                return Optional.of(stream);
            }
        } catch (RuntimeException | InterruptedException e) {
            stream.close();
            throw e;
        }
        stream.close();
        return Optional.empty();
    }

    /// Returns the chunks of an id from their beginning; empty if there is neither a chunk nor a request of that id.
    /// All chunks that are committed now are returned without waiting.
    ///
    /// @param place a place at or before the first chunk; if it is empty, the chunks are searched
    public Optional<AnswerStream> fromBeginning(String id, Optional<Place> place) throws InterruptedException {
        var known = place.filter(each -> each.partition() < feed.partitions());
        int partition = known.map(Place::partition).orElseGet(() -> RequestWriter.partitionOf(id, feed.partitions()));
        long end = endOfTokens(partition);
        long start = known.isPresent() ? known.get().offset() : past.start(partition, id, end).orElse(end);
        var stream = AnswerStream.from(feed, past, id, new Place(partition, start), true, end);
        try {
            if (stream.hasPast() || isRequested(id)) {
                return Optional.of(stream);
            }
        } catch (RuntimeException | InterruptedException e) {
            stream.close();
            throw e;
        }
        stream.close();
        return Optional.empty();
    }

    /// Tells whether the tokens topic has deleted the record at a place.
    public boolean isGone(Place place) throws InterruptedException {
        return place.offset() < past.beginning(place.partition());
    }

    private long endOfTokens(int partition) throws InterruptedException {
        try {
            return cluster.endOfTokens(partition);
        } catch (KafkaException e) {
            throw new UnavailableException("asking for the end of the tokens topic failed: " + e.getMessage(), e);
        }
    }

    /// Tells whether the requests topic has a request of that id.
    public boolean isRequested(String id) throws InterruptedException {
        return past.isRequested(RequestWriter.partitionOf(id, writer.partitions()), id);
    }

    /// Returns the chunks of an id as they are drawn, from now on.
    public DrawnChunks drawn(String id) throws InterruptedException {
        return drawn.subscribe(id);
    }

    public void cancel(String id) throws InterruptedException {
        writer.cancel(id);
    }

    @Override
    public void close() {
        closing.countDown();
        feed.close();
        drawn.close();
        cluster.close();
        writer.close();
        past.close();
        reading.close();
    }
}
