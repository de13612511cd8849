package dev.flover.topology;

import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import dev.flover.schemas.serdes.UnknownSchemaException;
import dev.flover.schemas.serdes.UnreadableSchemaException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns bytes into requests without ever waiting for the registry on the stream thread.
///
/// A schema that has been seen decodes at once. The first record of a new one is decoded on another thread, which may
/// wait for the registry; until that is done the answer is [Decoded.Later], and the live generations go on. The
/// registry is asked once for all records that name the same schema:
///
/// ```
///   no answer, an error, a 404 that is not the registry's own   asked again, without an end
///   the registry's own "no such id"                             asked again for a time, then refused for as long
///   a schema that Avro cannot parse                             refused
///   a schema                                                    known from now on
/// ```
///
/// Used by the stream thread alone.
final class RequestDecoding {
    private static final Logger LOG = LoggerFactory.getLogger(RequestDecoding.class);
    static final int SCHEMA_ID_END = 1 + Integer.BYTES;
    private static final long FIRST_RETRY_MS = 100;
    private static final long LAST_RETRY_MS = 10_000;
    /// Anybody can name ids that do not exist.
    private static final int MOST_SCHEMAS = 10_000;

    private final String topic;
    private final Deserializer<ReadRequest> inline;
    private final Deserializer<ReadRequest> waiting;
    private final Executor background;
    private final long unknownForMs;
    private final Map<Integer, Lookup> lookups = new HashMap<>();

    sealed interface Decoded {
        record Request(ReadRequest request) implements Decoded {}

        record Undecodable(String reason) implements Decoded {}

        /// The registry has not given the schema yet; the same bytes may decode later.
        ///
        /// @param reason what it said last; empty where it was not asked yet
        record Later(String reason) implements Decoded {}
    }

    /// What one trial on the other thread brought.
    private sealed interface Outcome {
        record Known() implements Outcome {}

        /// These bytes cannot be read, which says nothing of others.
        record BadBytes(byte[] bytes, String reason) implements Outcome {}

        record Unavailable(String reason) implements Outcome {}

        record Unknown(String reason) implements Outcome {}

        record Refused(String reason) implements Outcome {}
    }

    /// One schema that is not known yet.
    private static final class Lookup {
        private CompletableFuture<Outcome> trial;
        private Outcome last = new Outcome.Unavailable("");
        private long retryAt;
        private long retryMs = FIRST_RETRY_MS;
        private long unknownSince = -1;
        private long refusedUntil;
        private String refusal;
    }

    /// @param inline     used by the stream thread; shares the registry client, and with it the schemas, with `waiting`
    /// @param waiting    used by `background`
    /// @param background one thread, on which waiting is allowed
    /// @param unknownFor how long the registry has to say that it has no such schema
    RequestDecoding(String topic, Deserializer<ReadRequest> inline, Deserializer<ReadRequest> waiting,
            Executor background, Duration unknownFor) {
        this.topic = topic;
        this.inline = inline;
        this.waiting = waiting;
        this.background = background;
        this.unknownForMs = unknownFor.toMillis();
    }

    /// Whether [#decode] could say anything else now than the last time it said [Decoded.Later].
    ///
    /// @param head the first bytes of a record, with its schema's id
    boolean hasNews(byte[] head, long now) {
        var lookup = lookups.get(schemaOf(head));
        return lookup == null || lookup.trial != null && lookup.trial.isDone()
                || lookup.trial == null && now >= lookup.retryAt || lookup.refusal != null
                || lookup.last instanceof Outcome.Known;
    }

    /// What the registry said last about the schema of a record that waits.
    String reason(byte[] head) {
        var lookup = head.length < SCHEMA_ID_END ? null : lookups.get(schemaOf(head));
        return lookup != null && later(lookup) instanceof Decoded.Later(String reason) && !reason.isEmpty()
                ? reason : "the registry has not answered yet";
    }

    /// The first bytes of a record, which name its schema.
    static byte[] head(byte[] bytes) {
        return Arrays.copyOf(bytes, Math.min(bytes.length, SCHEMA_ID_END));
    }

    /// @param mayWait whether a schema that the registry does not have may still come
    Decoded decode(byte[] bytes, boolean mayWait, long now) {
        if (!isInWireFormat(bytes)) {
            return attempt(bytes);
        }
        var lookup = lookup(schemaOf(bytes), now);
        if (lookup.last instanceof Outcome.Known) {
            return attempt(bytes);
        }
        if (lookup.refusal != null) {
            return new Decoded.Undecodable(lookup.refusal);
        }
        if (lookup.trial == null && now >= lookup.retryAt) {
            lookup.trial = CompletableFuture.supplyAsync(() -> ask(bytes), background);
        }
        if (lookup.trial != null && lookup.trial.isDone()) {
            take(lookup, now);
            if (lookup.last instanceof Outcome.Known || lookup.refusal != null) {
                return decode(bytes, mayWait, now);
            }
            if (lookup.last instanceof Outcome.BadBytes(byte[] tried, String reason) && Arrays.equals(tried, bytes)) {
                return new Decoded.Undecodable(reason);
            }
        }
        if (lookup.last instanceof Outcome.Unknown(String reason) && !mayWait) {
            return new Decoded.Undecodable(reason);
        }
        return later(lookup);
    }

    private static Decoded.Later later(Lookup lookup) {
        return switch (lookup.last) {
            case Outcome.Unavailable(String reason) -> new Decoded.Later(reason);
            case Outcome.Unknown(String reason) -> new Decoded.Later(reason);
            case Outcome.Known known -> new Decoded.Later("");
            case Outcome.BadBytes bad -> new Decoded.Later("");
            case Outcome.Refused(String reason) -> new Decoded.Later(reason);
        };
    }

    private Lookup lookup(int schema, long now) {
        var found = lookups.get(schema);
        if (found != null && found.refusal != null && now >= found.refusedUntil) {
            lookups.remove(schema);
            found = null;
        }
        if (found == null) {
            if (lookups.size() >= MOST_SCHEMAS) {
                lookups.values().removeIf(each -> each.trial == null && !(each.last instanceof Outcome.Known));
            }
            found = new Lookup();
            lookups.put(schema, found);
        }
        return found;
    }

    private void take(Lookup lookup, long now) {
        var outcome = lookup.trial.join();
        lookup.trial = null;
        lookup.last = outcome;
        switch (outcome) {
            case Outcome.Known known -> { }
            case Outcome.BadBytes bad -> lookup.retryAt = now;
            case Outcome.Refused(String reason) -> refuse(lookup, reason, now);
            case Outcome.Unknown(String reason) -> {
                if (lookup.unknownSince < 0) {
                    lookup.unknownSince = now;
                }
                if (now - lookup.unknownSince >= unknownForMs) {
                    refuse(lookup, reason, now);
                } else {
                    retryLater(lookup, now, unknownForMs - (now - lookup.unknownSince));
                }
            }
            case Outcome.Unavailable(String reason) -> {
                LOG.warn("{}; records of that schema wait, all others go on", reason);
                retryLater(lookup, now, LAST_RETRY_MS);
            }
        }
    }

    private void refuse(Lookup lookup, String reason, long now) {
        lookup.refusal = "expected a GenerationRequest on " + topic + " in a schema of the registry: " + reason;
        lookup.refusedUntil = now + Math.max(unknownForMs, LAST_RETRY_MS);
    }

    private static void retryLater(Lookup lookup, long now, long mostMs) {
        lookup.retryAt = now + Math.min(lookup.retryMs, Math.max(1, mostMs));
        lookup.retryMs = Math.min(2 * lookup.retryMs, LAST_RETRY_MS);
    }

    /// Bytes too short for a schema id, or not in the registry's format at all, are refused without asking it.
    private static boolean isInWireFormat(byte[] bytes) {
        return bytes.length >= SCHEMA_ID_END && bytes[0] == 0;
    }

    private static int schemaOf(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getInt(1);
    }

    private Outcome ask(byte[] bytes) {
        try {
            waiting.deserialize(topic, bytes);
            return new Outcome.Known();
        } catch (RegistryUnavailableException e) {
            return new Outcome.Unavailable(e.getMessage());
        } catch (UnknownSchemaException e) {
            return new Outcome.Unknown(e.getMessage());
        } catch (UnreadableSchemaException e) {
            return new Outcome.Refused(e.getMessage());
        } catch (SerializationException e) {
            return new Outcome.BadBytes(bytes, String.valueOf(e.getMessage()));
        } catch (StackOverflowError e) {
            return new Outcome.BadBytes(bytes, "the record is nested too deeply");
        } catch (RuntimeException e) {
            return new Outcome.Unavailable("the schema registry's answer could not be used: " + e);
        }
    }

    private Decoded attempt(byte[] bytes) {
        try {
            return new Decoded.Request(inline.deserialize(topic, bytes));
        } catch (RegistryUnavailableException | UnknownSchemaException e) {     // the client has forgotten the schema
            lookups.remove(schemaOf(bytes));
            return new Decoded.Later(e.getMessage());
        } catch (SerializationException e) {
            return new Decoded.Undecodable(String.valueOf(e.getMessage()));
        } catch (StackOverflowError e) {        // a stranger's recursive schema, and data nested as deep as a stack
            return new Decoded.Undecodable("the record is nested too deeply");
        }
    }
}
