package dev.flover.topology.setup;

import dev.flover.schemas.Finish;
import dev.flover.schemas.FinishReason;
import dev.flover.schemas.FlatResult;
import dev.flover.schemas.GenerationRequest;
import dev.flover.schemas.GenerationResult;
import dev.flover.schemas.Sampling;
import dev.flover.schemas.StoredSchema;
import dev.flover.schemas.TokenChunk;
import dev.flover.schemas.json.JsonOrAvroDeserializer;
import dev.flover.schemas.json.JsonRecords;
import dev.flover.schemas.serdes.AvroSchemas;
import dev.flover.schemas.serdes.ContractSerde;
import dev.flover.schemas.serdes.RegistryUnavailableException;
import dev.flover.schemas.serdes.RequestContract;
import dev.flover.schemas.serdes.SchemasByGuid;
import dev.flover.topology.config.PipelineConfig.RecordForm;
import dev.flover.topology.config.PipelineConfig;
import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.request.Inquiries.Outcome;
import dev.flover.topology.request.RequestMentions.Subject;
import dev.flover.topology.request.RequestMentions;
import io.confluent.kafka.schemaregistry.client.SchemaMetadata;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientFactory;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;

/// The pipeline's access to the schema registry. The registry is asked before the stream threads start, and after
/// that on other threads only; never by a stream thread.
public final class Registry implements AutoCloseable {
    private static final int SCHEMAS_CACHED = 1000;
    /// HTTP statuses that waiting does not change: bad credentials, no permission, an incompatible or invalid schema.
    private static final Set<Integer> FINAL = Set.of(401, 403, 409, 422);
    /// The registry's error codes for a subject, version or schema that does not exist.
    private static final Set<Integer> NO_SUCH_SCHEMA = Set.of(40401, 40402, 40403);

    private final PipelineConfig config;
    private final SchemaRegistryClient client;
    private final ContractSerde<GenerationRequest> requests;
    private final ContractSerde<TokenChunk> chunks;
    private final ContractSerde<GenerationResult> results;
    private final ContractSerde<FlatResult> flatResults;
    private final ExecutorService background = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("flover-registry").factory());
    private final SchemasByGuid guids;
    /// Threads for look-ups of subjects. There are several, so that a slow answer about one subject delays neither
    /// other subjects nor the records of new schemas.
    private final ExecutorService subjects = Executors.newFixedThreadPool(4,
            Thread.ofPlatform().daemon().name("flover-subjects-", 0).factory());
    private final RequestDecoding decoding;

    public Registry(PipelineConfig config, RequestContract contract) {
        this.config = config;
        var properties = new HashMap<String, Object>();
        properties.put("http.connect.timeout.ms", 5_000);
        properties.put("http.read.timeout.ms", 10_000);
        properties.put("missing.id.cache.ttl.sec", 0L);      // RequestDecoding decides how often the registry is asked
        properties.put("latest.cache.ttl.sec", 0);
        properties.putAll(config.registry());
        var urls = List.of(Objects.requireNonNull(config.registry().get("schema.registry.url")).split(","));
        client = SchemaRegistryClientFactory.newClient(
                urls, SCHEMAS_CACHED, List.of(new AvroSchemas()), properties, Map.of());
        requests = ContractSerde.of(GenerationRequest.class, properties, client);
        chunks = ContractSerde.of(TokenChunk.class, properties, client);
        results = ContractSerde.of(GenerationResult.class, properties, client);
        flatResults = ContractSerde.of(FlatResult.class, properties, client);
        guids = new SchemasByGuid(urls, SCHEMAS_CACHED, List.of(new AvroSchemas()), properties);
        decoding = new RequestDecoding(config.topics().requests(), readers(contract, properties, client),
                readers(contract, properties, guids.client()), guids, background,
                config.recovery().patience().unknownSchema());
    }

    private static RequestDecoding.Readers readers(
            RequestContract contract, Map<String, Object> properties, SchemaRegistryClient client) {
        return new RequestDecoding.Readers(
                contract.deserializer(properties, client), contract.deserializer(properties, client));
    }

    /// Registers the schemas of requests, chunks and results, so that writing needs no registry later.
    ///
    /// @throws SerializationException if the registry does not answer; the caller may try again
    /// @throws RefusedException if the registry refuses; the message has its reason
    public void prepare() {
        if (config.output() == RecordForm.JSON) {
            return;
        }
        register(config.topics().requests(), requests.serializer(), GenerationRequest.newBuilder()
                .setId("").setSampling(Sampling.newBuilder().build()).build());
        register(config.topics().tokens(), chunks.serializer(), TokenChunk.newBuilder()
                .setRequestId("").setPosition(0).setTokenIds(List.of()).setText("")
                .setFinish(Finish.newBuilder().setReason(FinishReason.STOP).build()).build());
        register(config.topics().results(), results.serializer(), GenerationResult.newBuilder()
                .setRequestId("").setText("").setTokenIds(List.of()).setFinishReason(FinishReason.STOP)
                .setRequestedAt(Instant.EPOCH).setFinishedAt(Instant.EPOCH).build());
        if (config.topics().flatResults() != null) {
            register(config.topics().flatResults(), flatResults.serializer(), FlatResult.newBuilder()
                    .setRequestId("").setFinishReason("").setRequestedAt(Instant.EPOCH).setFinishedAt(Instant.EPOCH)
                    .build());
        }
    }

    private <T extends SpecificRecord> void register(String topic, Serializer<T> serializer, T record) {
        try {
            serializer.serialize(topic, record);
        } catch (SerializationException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof RestClientException answer && FINAL.contains(answer.getStatus())) {
                    throw new RefusedException("the schema registry refuses the schema of "
                            + record.getSchema().getName() + " for " + topic + ": " + answer.getMessage(), e);
                }
            }
            throw e;
        }
    }

    /// The schema under a subject. Waits for the registry.
    ///
    /// @throws RegistryUnavailableException if the registry does not answer, or the answer is not a registry's
    public Outcome<StoredSchema> schema(Subject subject) {
        try {
            var found = subject.version() == null
                    ? client.getLatestSchemaMetadata(subject.name())
                    : client.getSchemaMetadata(subject.name(), subject.version());
            return usable(found);
        } catch (RestClientException e) {
            if (NO_SUCH_SCHEMA.contains(e.getErrorCode())) {
                return new Outcome.Missing<>("the schema registry says " + e.getMessage());
            }
            throw new RegistryUnavailableException("the schema registry could not be asked: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new RegistryUnavailableException("the schema registry could not be asked: " + e.getMessage(), e);
        }
    }

    private Outcome<StoredSchema> usable(SchemaMetadata found) {
        String kind = found.getSchemaType() == null ? RequestMentions.AVRO : found.getSchemaType();
        if (!kind.equals(RequestMentions.AVRO) && !kind.equals(RequestMentions.JSON)) {
            return new Outcome.Refused<>("its schema is " + kind + "; answers fit schemas in AVRO or JSON");
        }
        if (found.getReferences() != null && !found.getReferences().isEmpty()) {
            return new Outcome.Refused<>("its schema refers to schemas under other subjects, which is not supported; "
                    + "register it with their definitions in it");
        }
        int bytes = found.getSchema().getBytes(StandardCharsets.UTF_8).length;
        return bytes > config.limits().requestBytes()
                ? new Outcome.Refused<>("its schema has " + bytes + " bytes, at most " + config.limits().requestBytes()
                        + " are stored with a request")
                : new Outcome.Known<>(new StoredSchema(found.getId(), kind, found.getSchema()));
    }

    public RequestDecoding decoding() {
        return decoding;
    }

    /// The threads on which [#schema] may be called.
    public Executor subjects() {
        return subjects;
    }

    public Serializer<TokenChunk> chunks() {
        return inOutputForm(chunks);
    }

    public Serializer<GenerationResult> results() {
        return inOutputForm(results);
    }

    public Serializer<FlatResult> flatResults() {
        return inOutputForm(flatResults);
    }

    private <T extends SpecificRecord> Serializer<T> inOutputForm(ContractSerde<T> avro) {
        return switch (config.output()) {
            case AVRO -> avro.serializer();
            case JSON -> (topic, record) -> record == null ? null : JsonRecords.write(record);
        };
    }

    /// Decodes results, in JSON or Avro; for a thread that may wait for the registry.
    public Deserializer<GenerationResult> resultsRead() {
        return new JsonOrAvroDeserializer<>(GenerationResult.class, results.deserializer());
    }

    /// A request in the form in which it is written to the dead-letter topic.
    public byte[] asWritten(GenerationRequest request) {
        if (config.output() == RecordForm.JSON) {
            return JsonRecords.write(request);
        }
        return requests.serializer().serialize(config.topics().requests(), request);
    }

    @Override
    public void close() {
        background.shutdownNow();
        subjects.shutdownNow();
        try {
            client.close();
            guids.client().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
