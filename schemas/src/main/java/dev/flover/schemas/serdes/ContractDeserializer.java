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

/// Deserializes records of one contract, and tells two failures apart: bytes that can never be decoded become a dead
/// letter; a registry that does not answer is asked again later.
final class ContractDeserializer<T extends IndexedRecord> implements Deserializer<T> {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int SERVER_ERROR = 500;
    /// The registry's own error codes for an unknown subject, version and schema. A 404 without one of these codes is
    /// the page of a proxy in front of the registry.
    private static final Set<Integer> NO_SUCH_SCHEMA = Set.of(40401, 40402, 40403);

    private final Class<T> type;
    private final String contract;
    private final KafkaAvroDeserializer confluent;

    /// @param contract the contract's name, for error messages
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

    /// Returns the cause that lies with the registry and not with the record's bytes, if there is one.
    private static Optional<Throwable> registryFailure(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RestClientException answer) {
                return maySucceedLater(answer.getStatus()) ? Optional.of(cause) : Optional.empty();
            }
            if (cause instanceof IOException) {
                // Avro reads from memory, so these two I/O errors say that the bytes do not fit the schema.
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
                + " in the registry's wire format, found " + bytes.length + " bytes that cannot be read as one: "
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
