package dev.flover.schemas.json;

import dev.flover.schemas.serdes.UndecodableRecordException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;

/// Reads a record as JSON or in the registry's wire format, whichever its bytes are.
///
/// A class of its own, so that [JsonRecords] can be used where Kafka's libraries are missing.
public final class JsonOrAvroDeserializer<T extends SpecificRecord> implements Deserializer<T> {
    private final Class<T> type;
    private final Deserializer<T> avro;

    /// @param avro reads the bytes that are not JSON: the registry's wire format
    public JsonOrAvroDeserializer(Class<T> type, Deserializer<T> avro) {
        this.type = type;
        this.avro = avro;
    }

    @Override
    public T deserialize(String topic, byte[] bytes) {
        if (bytes == null || !JsonRecords.isJson(bytes)) {
            return avro.deserialize(topic, bytes);
        }
        try {
            return JsonRecords.read(bytes, type);
        } catch (JsonFormException e) {
            throw new UndecodableRecordException("expected a " + type.getSimpleName() + " on " + topic + ": "
                    + e.getMessage());
        }
    }

    @Override
    public void close() {
        avro.close();
    }
}
