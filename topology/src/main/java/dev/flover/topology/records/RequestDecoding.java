package dev.flover.topology.records;

import dev.flover.schemas.RejectionCode;
import dev.flover.schemas.json.JsonFormException;
import dev.flover.schemas.json.JsonRequests;
import dev.flover.schemas.serdes.ReadRequest;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import dev.flover.schemas.serdes.SchemasByGuid;
import dev.flover.schemas.serdes.UnknownSchemaException;
import dev.flover.schemas.serdes.UnreadableSchemaException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decodes records to requests without ever waiting for the schema registry on the stream thread.
///
/// A record in a known schema is decoded at once. The first record in a new schema is decoded on another thread, which
/// may wait for the registry; until it is done, the result is [Decoded.Later], and the live generations go on. The
/// registry is asked once for all records that name the same schema, and its answer has this effect:
///
/// ```
///   no answer, an error, a 404 that is not the registry's own   asked again, without an end
///   the registry's own "no such id"                             asked again for a time, then refused for as long
///   a schema that Avro cannot parse                             refused
///   a schema                                                    known from now on
/// ```
///
/// Used by all stream threads of a process, one at a time.
public final class RequestDecoding {
    private static final Logger LOG = LoggerFactory.getLogger(RequestDecoding.class);
    private static final long FIRST_RETRY_MS = 100;
    private static final long LAST_RETRY_MS = 10_000;
    /// The most schemas that are remembered; bounded because producers can name ids that do not exist.
    private static final int MOST_SCHEMAS = 10_000;
    private static final String BY_GUID = "; the record names its schema by a GUID in the header " + SchemaName.HEADER
            + ". Where the registry cannot be asked by GUID, have its producer write the schema's id before the value "
            + "(value.schema.id.serializer=io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer)";

    private final String topic;
    private final Readers byId;
    private final Readers byGuid;
    private final SchemasByGuid guids;
    private final Executor background;
    private final long unknownForMs;
    private final Map<SchemaName, Lookup> lookups = new HashMap<>();

    /// The deserialisers of one kind of schema name.
    ///
    /// @param inline  used by the stream threads, one at a time; shares the registry's client, and its cached schemas,
    ///                with `waiting`
    /// @param waiting used by the background thread
    public record Readers(Deserializer<ReadRequest> inline, Deserializer<ReadRequest> waiting) {}

    /// The outcome of decoding a record.
    public sealed interface Decoded {
        record Request(ReadRequest request) implements Decoded {}

        /// The value can never be decoded; the record becomes a dead letter.
        record Undecodable(String reason) implements Decoded {}

        /// The value is JSON that is no valid request; it is answered with a rejection.
        record Refused(RequestFault fault) implements Decoded {}

        /// The registry has not returned the schema yet; the same bytes may be decodable later.
        ///
        /// @param reason the registry's last answer; empty where it was not asked yet
        record Later(String reason) implements Decoded {}
    }

    /// The outcome of one attempt to decode a record on the background thread.
    private sealed interface Outcome {
        record Known() implements Outcome {}

        /// These bytes cannot be decoded, though other records in the same schema may be.
        record BadBytes(byte[] bytes, String reason) implements Outcome {}

        record Unavailable(String reason) implements Outcome {}

        record Unknown(String reason) implements Outcome {}

        record Refused(String reason) implements Outcome {}
    }

    /// A schema that a record has named, and the state of the question to the registry.
    private static final class Lookup {
        private final SchemaName name;
        private final int number;
        private @Nullable CompletableFuture<Outcome> trial;
        private Outcome last = new Outcome.Unavailable("");
        private long retryAt;
        private long retryMs = FIRST_RETRY_MS;
        private long unknownSince = -1;
        private long refusedUntil;
        private @Nullable String refusal;

        Lookup(SchemaName name, int number) {
            this.name = name;
            this.number = number;
        }
    }

    /// @param byId       the deserialisers for schemas that are named by id
    /// @param byGuid     the deserialisers for schemas that are named by GUID, under the numbers that `guids` assigns
    /// @param background an executor with one thread, which may wait for the registry
    /// @param unknownFor for how long the registry is asked again after it said that it has no such schema
    public RequestDecoding(String topic, Readers byId, Readers byGuid, SchemasByGuid guids, Executor background,
            Duration unknownFor) {
        this.topic = topic;
        this.byId = byId;
        this.byGuid = byGuid;
        this.guids = guids;
        this.background = background;
        this.unknownForMs = unknownFor.toMillis();
    }

    /// Whether [#decode] may return another result now than its last [Decoded.Later].
    ///
    /// @param name the name of the record's schema
    /// @param now  monotonic time in ms
    public synchronized boolean hasNews(SchemaName name, long now) {
        var lookup = lookups.get(name);
        return lookup == null || lookup.trial != null && lookup.trial.isDone()
                || lookup.trial == null && now >= lookup.retryAt || lookup.refusal != null
                || lookup.last instanceof Outcome.Known;
    }

    /// The registry's last answer about the schema of a record that waits for it.
    public synchronized String reason(SchemaName name) {
        var lookup = lookups.get(name);
        return lookup != null && later(lookup) instanceof Decoded.Later(String reason) && !reason.isEmpty()
                ? reason : "the registry has not answered yet";
    }

    /// Decodes a request in JSON, which needs no registry.
    ///
    /// @param id the id of a request that does not name one
    public static Decoded json(byte[] bytes, String id) {
        try {
            return new Decoded.Request(ReadRequest.of(JsonRequests.read(bytes, id)));
        } catch (JsonFormException e) {
            return new Decoded.Refused(RequestFault.of(
                    e.isUnknownField() ? RejectionCode.UNKNOWN_FIELD : RejectionCode.INVALID, e.field(),
                    e.getMessage()));
        }
    }

    /// Decodes a record's value.
    ///
    /// @param name    the name of the schema, as the record has it
    /// @param mayWait whether the record may wait for a schema that the registry does not have yet
    /// @param now     monotonic time in ms
    public synchronized Decoded decode(SchemaName name, byte[] value, boolean mayWait, long now) {
        if (name instanceof SchemaName.None(String problem)) {
            return problem == null ? attempt(value, byId.inline(), null) : new Decoded.Undecodable(problem);
        }
        var lookup = lookup(name, now);
        var bytes = name.wire(value, lookup.number);
        if (lookup.last instanceof Outcome.Known) {
            return attempt(bytes, readers(name).inline(), name);
        }
        if (lookup.refusal != null) {
            return new Decoded.Undecodable(lookup.refusal);
        }
        if (lookup.trial == null && now >= lookup.retryAt) {
            lookup.trial = CompletableFuture.supplyAsync(() -> ask(name, bytes), background);
        }
        if (lookup.trial != null && lookup.trial.isDone()) {
            take(lookup, lookup.trial, now);
            if (lookup.last instanceof Outcome.Known || lookup.refusal != null) {
                return decode(name, value, mayWait, now);
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

    private Readers readers(SchemaName name) {
        return name instanceof SchemaName.Guid ? byGuid : byId;
    }

    private Lookup lookup(SchemaName name, long now) {
        var found = lookups.get(name);
        if (found != null && found.refusal != null && now >= found.refusedUntil) {
            forget(name);
            found = null;
        }
        if (found == null) {
            if (lookups.size() >= MOST_SCHEMAS) {
                List.copyOf(lookups.values()).stream()
                        .filter(each -> each.trial == null && !(each.last instanceof Outcome.Known))
                        .forEach(each -> forget(each.name));
            }
            found = new Lookup(name, switch (name) {
                case SchemaName.Id(int id, boolean inHeader) -> id;
                case SchemaName.Guid(UUID guid) -> guids.number(guid);
                case SchemaName.None none -> throw new AssertionError("nothing is looked up");
            });
            lookups.put(name, found);
        }
        return found;
    }

    private void forget(@Nullable SchemaName name) {
        var lookup = lookups.remove(name);
        if (lookup != null && name instanceof SchemaName.Guid) {
            guids.forget(lookup.number);
        }
    }

    private void take(Lookup lookup, CompletableFuture<Outcome> trial, long now) {
        var outcome = trial.join();
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
                LOG.warn("{}; records of that schema wait, all others are not affected", reason);
                retryLater(lookup, now, LAST_RETRY_MS);
            }
        }
    }

    private void refuse(Lookup lookup, String reason, long now) {
        lookup.refusal = "expected a GenerationRequest on " + topic + " in a schema of the registry: " + reason
                + (lookup.name instanceof SchemaName.Guid ? BY_GUID : "");
        lookup.refusedUntil = now + Math.max(unknownForMs, LAST_RETRY_MS);
    }

    private static void retryLater(Lookup lookup, long now, long mostMs) {
        lookup.retryAt = now + Math.min(lookup.retryMs, Math.max(1, mostMs));
        lookup.retryMs = Math.min(2 * lookup.retryMs, LAST_RETRY_MS);
    }

    private Outcome ask(SchemaName name, byte[] bytes) {
        try {
            readers(name).waiting().deserialize(topic, bytes);
            return new Outcome.Known();
        } catch (RegistryUnavailableException e) {
            return name instanceof SchemaName.Guid && e.isWithoutResource()
                    ? new Outcome.Unknown("the registry knows no GUIDs")
                    : new Outcome.Unavailable(e.getMessage());
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

    private Decoded attempt(byte[] bytes, Deserializer<ReadRequest> inline, @Nullable SchemaName name) {
        try {
            return new Decoded.Request(inline.deserialize(topic, bytes));
        } catch (RegistryUnavailableException | UnknownSchemaException e) {     // evicted from the client
            forget(name);
            return new Decoded.Later(e.getMessage());
        } catch (SerializationException e) {
            return new Decoded.Undecodable(String.valueOf(e.getMessage()));
        } catch (StackOverflowError e) {        // a recursive schema with data nested as deep as the stack
            return new Decoded.Undecodable("the record is nested too deeply");
        }
    }
}
