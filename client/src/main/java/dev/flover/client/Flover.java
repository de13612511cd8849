package dev.flover.client;

import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.serdes.TrustedRecords;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;

/// A client of a pipeline's topics: sends requests and reads their answers.
///
/// ```
///   try (var flover = Flover.connect("localhost:9092");
///           var generation = flover.generate("It was a dark night")) {
///       for (var chunk : generation) {
///           System.out.print(chunk.getText());
///       }
///   }
/// ```
///
/// One object serves any number of requests at the same time, with one consumer and one producer. Thread-safe. Every
/// chunk that it returns is committed and comes once. After a crash of the client program, [#attach] reads an answer
/// from any position on, also in another process; the program needs to have stored only the id and the position.
public final class Flover implements AutoCloseable {
    private static final long CLOSE_S = 10;

    private final FloverConfig config;
    private final ChunkDecoder decoder;
    private final TokenFeed feed;
    private final PastReader past;
    private final RequestWriter writer;
    private final ReadWatch reads;
    private final ExecutorService executor;

    static {
        TrustedRecords.trust();
    }

    private Flover(FloverConfig config) {
        this.config = config;
        decoder = new ChunkDecoder(config.properties());
        writer = new RequestWriter(config);
        try {
            feed = TokenFeed.start(config, decoder);
        } catch (RuntimeException e) {
            writer.close();
            decoder.close();
            throw e;
        }
        past = new PastReader(config, decoder);
        reads = new ReadWatch(config, feed);
        executor = Executors.newCachedThreadPool(task -> {
            var thread = new Thread(task, "flover-client-answers");
            thread.setDaemon(true);
            return thread;
        });
    }

    /// Connects to the standard topics of a cluster.
    ///
    /// @param bootstrapServers `host:port`, several are separated by commas
    /// @throws GenerationException.Unavailable if the topics cannot be read
    public static Flover connect(String bootstrapServers) {
        return connect(FloverConfig.of(bootstrapServers));
    }

    /// Connects to a cluster.
    ///
    /// @throws GenerationException.Unavailable if the topics cannot be read
    public static Flover connect(FloverConfig config) {
        try {
            return new Flover(config);
        } catch (KafkaException e) {
            var cause = e.getCause() instanceof KafkaException inner ? inner : e;
            throw new GenerationException.Unavailable("", "cannot connect to "
                    + config.properties().get("bootstrap.servers") + ": " + cause.getMessage(), e);
        }
    }

    /// Begins a request with the fields of the contract; [#generate(GenerationRequest.Builder)] gives it an id.
    public static GenerationRequest.Builder request() {
        return GenerationRequest.newBuilder();
    }

    /// Sends a prompt under a random id.
    ///
    /// @throws GenerationException.Unavailable if it is not known that the request was written
    public Generation generate(String prompt) {
        return generate(request().setPrompt(prompt));
    }

    /// Sends a request. Without an id, it gets a random one; with an id, this is [#generate(GenerationRequest)].
    ///
    /// @throws GenerationException.Rejected    if the request is too large for a record
    /// @throws GenerationException.Unavailable if it is not known that the request was written
    public Generation generate(GenerationRequest.Builder request) {
        if (request.hasId()) {
            return generate(request.build());
        }
        return send(request.setId(UUID.randomUUID().toString()).build(), false);
    }

    /// Sends a request whose id may have been used. If the same request was sent before, its answer is read from its
    /// beginning, and is not computed again. If a different one was, the reader gets [GenerationException.Refused].
    ///
    /// @throws GenerationException.Rejected    if the request is too large for a record
    /// @throws GenerationException.Unavailable if it is not known that the request was written
    public Generation generate(GenerationRequest request) {
        return send(request, true);
    }

    private Generation send(GenerationRequest request, boolean mayBeUsed) {
        var live = feed.subscribe(request.getId(), true);
        try {
            var place = writer.write(request);
            live.requested(place);
            var stream = new AnswerStream(live, feed, past, config.patience(), 0, false);
            if (mayBeUsed) {
                stream.holdUntil(reads.watch(place, request.getModel()));
            }
            return new Generation(stream, executor);
        } catch (RuntimeException e) {
            feed.unsubscribe(live);
            throw e;
        }
    }

    /// Reads the answer to an earlier request from its beginning.
    public Generation attach(String id) {
        return attach(id, 0);
    }

    /// Reads the answer to an earlier request from a position on, which the request's sender or any other program may
    /// do, at the same time and again. The reader gets [GenerationException.LostBeginning] if the topics do not have
    /// the answer from that position on.
    ///
    /// @param position the number of tokens of each answer that the caller has: `chunk.getPosition()` plus the size of
    ///                 `chunk.getTokenIds()` of its last chunk
    public Generation attach(String id, int position) {
        Objects.requireNonNull(id, "id");
        if (position < 0) {
            throw new IllegalArgumentException("position must be at least 0, was " + position);
        }
        return new Generation(new AnswerStream(feed.subscribe(id, false), feed, past, config.patience(), position,
                true), executor);
    }

    /// Cancels the request of that id: one that is being answered, one that waits, or one that arrives a little later.
    /// Its readers get [GenerationException.Cancelled], unless its answer has ended.
    ///
    /// @throws GenerationException.Unavailable if it is not known that the cancel was written
    public void cancel(String id) {
        writer.cancel(Objects.requireNonNull(id, "id"));
    }

    /// Ends all reading; the readers that are left get [GenerationException.Unavailable]. Requests are computed
    /// nevertheless.
    @Override
    public void close() {
        feed.close();
        reads.close();
        executor.shutdown();
        try {
            executor.awaitTermination(CLOSE_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        past.close();
        writer.close();
        decoder.close();
    }
}
