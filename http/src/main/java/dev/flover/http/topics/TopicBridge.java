package dev.flover.http.topics;

import dev.flover.schemas.GenerationRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.KafkaException;

/// Everything that the HTTP server needs of Kafka: writing requests and reading tokens.
public final class TopicBridge implements AutoCloseable {
    private static final Duration FIRST_LOOK = Duration.ofMillis(2);
    private static final Duration LAST_LOOK = Duration.ofMillis(250);
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final CountDownLatch closing = new CountDownLatch(1);
    private final ChunkReading reading;
    private final TokenFeed feed;
    private final PastReader past;
    private final RequestWriter writer;
    private final ClusterWatch cluster;

    private TopicBridge(TopicAccess access) {
        reading = new ChunkReading(access.registry(), closing);
        writer = new RequestWriter(access);
        past = new PastReader(access, reading);
        feed = TokenFeed.start(access, reading, closing);
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
    private void awaitRead(AnswerStream stream, String model) throws InterruptedException {
        int partition = stream.request().partition();
        long begin = System.nanoTime();
        for (var pause = FIRST_LOOK; !cluster.isRead(model, stream.request()); pause = longer(pause)) {
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

    /// Returns the chunks of an id from a place on.
    ///
    /// @param fromBeginning whether the answers begin at that place
    public AnswerStream from(String id, Place place, boolean fromBeginning) {
        return AnswerStream.from(feed, past, id, place, fromBeginning);
    }

    /// Returns the future chunks of an id that has none yet.
    public AnswerStream await(String id) {
        return AnswerStream.ofNew(feed, past, id);
    }

    /// Searches the beginning of the chunks of an id that does not contain its place; empty if there are none.
    public Optional<Place> find(String id) throws InterruptedException {
        int partition = RequestWriter.partitionOf(id, feed.partitions());
        var start = past.start(partition, id, feed.takenUpTo(partition));
        return start.isPresent() ? Optional.of(new Place(partition, start.getAsLong())) : Optional.empty();
    }

    /// Tells whether the requests topic has a request of that id.
    public boolean isRequested(String id) throws InterruptedException {
        return past.isRequested(RequestWriter.partitionOf(id, writer.partitions()), id);
    }

    public void cancel(String id) throws InterruptedException {
        writer.cancel(id);
    }

    @Override
    public void close() {
        closing.countDown();
        feed.close();
        cluster.close();
        writer.close();
        past.close();
        reading.close();
    }
}
