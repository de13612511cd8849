package dev.flover.http.topics;

import dev.flover.schemas.GenerationRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.KafkaException;

/// Requests out, tokens in: all that the HTTP side needs of Kafka.
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

    /// Returns at once; [#isReady] says when requests can be sent.
    ///
    /// @throws KafkaException if the clients refuse their properties
    public static TopicBridge start(TopicAccess access) {
        return new TopicBridge(access);
    }

    public ClusterView cluster() {
        return cluster.view();
    }

    public boolean isReady() {
        return feed.isReading() && cluster.view().problem() == null;
    }

    /// How many partitions requests and tokens have.
    public int partitions() {
        return feed.partitions();
    }

    /// Where what is said next will stand on the tokens topic, or behind it.
    public long tokensPosition(int partition) {
        return feed.position(partition);
    }

    /// Writes a request under an id that was never used.
    ///
    /// @return its answer, from the beginning
    public AnswerStream begin(GenerationRequest request) throws InterruptedException {
        return write(request);
    }

    /// Writes a request under an id that may have been used, and attaches to the answer if it is the same request.
    ///
    /// Returns when a first chunk has come and the pipeline has read the request, so that it would have been refused if
    /// it were another one.
    ///
    /// @return the answer, from the beginning
    /// @throws RefusedRequestException if it is another request
    public AnswerStream attach(GenerationRequest request) throws InterruptedException {
        var stream = write(request);
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

    /// A refusal is committed with the offset of the request that it refuses, or before.
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

    private AnswerStream write(GenerationRequest request) throws InterruptedException {
        var stream = AnswerStream.ofNew(feed, past, request.getId());
        try {
            stream.requested(writer.write(request));
            return stream;
        } catch (RuntimeException | InterruptedException e) {
            stream.close();
            throw e;
        }
    }

    /// The chunks of an id from a place on.
    ///
    /// @param fromBeginning whether the answers begin there
    public AnswerStream from(String id, Place place, boolean fromBeginning) {
        return AnswerStream.from(feed, past, id, place, fromBeginning);
    }

    /// The chunks of an id that has said nothing yet.
    public AnswerStream await(String id) {
        return AnswerStream.ofNew(feed, past, id);
    }

    /// Where the chunks of an id begin that says nothing of its place; empty where there are none.
    public Optional<Place> find(String id) throws InterruptedException {
        int partition = RequestWriter.partitionOf(id, feed.partitions());
        var start = past.start(partition, id, feed.position(partition));
        return start.isPresent() ? Optional.of(new Place(partition, start.getAsLong())) : Optional.empty();
    }

    /// Whether a request of that id is on its topic.
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
