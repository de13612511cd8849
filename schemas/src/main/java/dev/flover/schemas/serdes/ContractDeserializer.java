package dev.flover.schemas.serdes;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.InvalidNumberEncodingException;
import org.apache.avro.generic.IndexedRecord;
import org.apache.kafka.common.serialization.Deserializer;

/// Tells bytes that can never be decoded from a registry that does not answer: one is a dead letter, the other a wait.
final class ContractDeserializer<T extends IndexedRecord> implements Deserializer<T> {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int SERVER_ERROR = 500;
    /// The registry's own words for a subject, a version and a schema; a 404 without them is an ingress's page.
    private static final Set<Integer> NO_SUCH_SCHEMA = Set.of(40401, 40402, 40403);

    private final Class<T> type;
    private final String contract;
    private final KafkaAvroDeserializer confluent;

    /// @param contract its name
    ContractDeserializer(Class<T> type, String contract, KafkaAvroDeserializer confluent) {
        this.type = type;
        this.contract = contract;
        this.confluent = confluent;
    }

    @Override
    public T deserialize(String topic, byte[] bytes) {
        Object record;
        try {
            record = confluent.deserialize(topic, bytes);
        } catch (RuntimeException e) {
            throw explained(topic, bytes, e);
        }
        if (record != null && !type.isInstance(record)) {
            throw new UndecodableRecordException("expected a " + contract + " on " + topic + ", found a "
                    + record.getClass().getSimpleName());
        }
        return type.cast(record);
    }

    @Override
    public void close() {
        confluent.close();
    }

    private RuntimeException explained(String topic, byte[] bytes, RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnreadableSchemaException unreadable) {
                return unreadable;
            }
            if (cause instanceof RestClientException answer && NO_SUCH_SCHEMA.contains(answer.getErrorCode())) {
                return new UnknownSchemaException(answer.getMessage(), e);
            }
        }
        return registryFailure(e).isPresent() ? unavailable(topic, e) : undecodable(topic, bytes, e);
    }

    /// The cause that lies with the registry and not with the bytes, where there is one.
    private static Optional<Throwable> registryFailure(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return maySucceedLater(answer.getStatus()) ? Optional.of(cause) : Optional.empty();
            }
            if (cause instanceof IOException) {
                // Avro reads from memory, and says by these two that the bytes are not what the schema promised.
                boolean bytes = cause instanceof EOFException || cause instanceof InvalidNumberEncodingException;
                return bytes ? Optional.empty() : Optional.of(cause);
            }
        }
        return Optional.empty();
    }

    private static boolean maySucceedLater(int status) {
        return status >= SERVER_ERROR || status == TOO_MANY_REQUESTS || status == NOT_FOUND
                || status == UNAUTHORIZED || status == FORBIDDEN;
    }

    private RegistryUnavailableException unavailable(String topic, RuntimeException e) {
        return new RegistryUnavailableException("the schema registry could not be asked for the schema of a "
                + contract + " on " + topic + ": " + rootMessage(e), e);
    }

    private UndecodableRecordException undecodable(String topic, byte[] bytes, RuntimeException e) {
        return new UndecodableRecordException("expected a " + contract + " on " + topic
                + " in the registry's wire format, found " + bytes.length + " bytes that are not one: "
                + rootMessage(e), e);
    }

    private static String rootMessage(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        boolean tooShort = root instanceof EOFException || root instanceof BufferUnderflowException;
        return root.getMessage() == null && tooShort ? "the record ends too early" : String.valueOf(root.getMessage());
    }
}
