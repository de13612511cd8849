package dev.flover.topology;

import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns bytes into requests without ever waiting for the registry on the stream thread.
///
/// A schema that has been seen decodes at once. The first record of a new one is decoded on another thread, which may
/// wait for the registry; until that is done the answer is [Decoded.Later], and the live generations go on.
final class RequestDecoding {
    private static final Logger LOG = LoggerFactory.getLogger(RequestDecoding.class);
    private static final int SCHEMA_ID_END = 1 + Integer.BYTES;
    private static final long FIRST_RETRY_MS = 100;
    private static final long LAST_RETRY_MS = 10_000;

    private final String topic;
    private final Deserializer<ReadRequest> inline;
    private final Deserializer<ReadRequest> waiting;
    private final Executor background;
    private final Set<Integer> knownSchemas = ConcurrentHashMap.newKeySet();

    sealed interface Decoded {
        record Request(ReadRequest request) implements Decoded {}

        record Undecodable(String reason) implements Decoded {}

        /// The registry has not given the schema yet; the same bytes may decode later.
        record Later() implements Decoded {}
    }

    /// @param inline     used by the stream thread; shares the registry client, and with it the schemas, with `waiting`
    /// @param waiting    used by `background`
    /// @param background one thread, on which waiting is allowed
    RequestDecoding(String topic, Deserializer<ReadRequest> inline, Deserializer<ReadRequest> waiting,
            Executor background) {
        this.topic = topic;
        this.inline = inline;
        this.waiting = waiting;
        this.background = background;
    }

    Decoder open() {
        return new Decoder();
    }

    /// Decodes the records of one partition, one after the other: after [Decoded.Later] comes the same record again.
    final class Decoder {
        private CompletableFuture<Decoded> trial;
        private long retryAt;
        private long retryMs = FIRST_RETRY_MS;

        Decoded decode(byte[] bytes, long now) {
            if (trial == null) {
                if (!needsRegistry(bytes)) {
                    return attempt(bytes, inline);
                }
                if (now < retryAt) {
                    return new Decoded.Later();
                }
                trial = CompletableFuture.supplyAsync(() -> attempt(bytes, waiting), background);
            }
            if (!trial.isDone()) {
                return new Decoded.Later();
            }
            var decoded = trial.join();
            trial = null;
            switch (decoded) {
                case Decoded.Later later -> {
                    retryAt = now + retryMs;
                    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
                }
                case Decoded.Request request -> {
                    knownSchemas.add(schemaOf(bytes));
                    retryMs = FIRST_RETRY_MS;
                }
                case Decoded.Undecodable undecodable -> retryMs = FIRST_RETRY_MS;
            }
            return decoded;
        }
    }

    /// Bytes too short for a schema id, or not in the registry's format at all, are refused without asking it.
    private boolean needsRegistry(byte[] bytes) {
        return bytes.length >= SCHEMA_ID_END && bytes[0] == 0 && !knownSchemas.contains(schemaOf(bytes));
    }

    private static int schemaOf(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getInt(1);
    }

    private Decoded attempt(byte[] bytes, Deserializer<ReadRequest> deserializer) {
        try {
            return new Decoded.Request(deserializer.deserialize(topic, bytes));
        } catch (RegistryUnavailableException e) {
            knownSchemas.remove(schemaOf(bytes));
            LOG.warn("{}; the partition waits, live generations go on", e.getMessage());
            return new Decoded.Later();
        } catch (SerializationException e) {
            return new Decoded.Undecodable(String.valueOf(e.getMessage()));
        } catch (StackOverflowError e) {        // a stranger's recursive schema, and data nested as deep as a stack
            return new Decoded.Undecodable("the record is nested too deeply");
        }
    }
}
