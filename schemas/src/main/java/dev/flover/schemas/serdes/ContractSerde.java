package dev.flover.schemas.serdes;

import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroDeserializerConfig;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.confluent.kafka.serializers.KafkaAvroSerializerConfig;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/// A contract's records in Confluent's wire format: a zero byte, the schema's id, Avro binary.
///
/// Configured by the properties that any Confluent client takes (`schema.registry.url`, `auto.register.schemas`,
/// `basic.auth.*`, ...). A null record is a null value in both directions.
///
/// @param <T> a record generated from `src/main/avro`
public final class ContractSerde<T extends SpecificRecord> implements Serde<T> {
    private final KafkaAvroSerializer serializer;
    private final ContractDeserializer<T> deserializer;

    private ContractSerde(KafkaAvroSerializer serializer, ContractDeserializer<T> deserializer) {
        this.serializer = serializer;
        this.deserializer = deserializer;
    }

    /// A serde for record values that finds its registry in the client's own properties.
    public static <T extends SpecificRecord> ContractSerde<T> of(Class<T> type, Map<String, ?> clientProperties) {
        return configured(type, clientProperties, new KafkaAvroSerializer(), new KafkaAvroDeserializer());
    }

    /// A serde for record values over a registry client that already exists.
    public static <T extends SpecificRecord> ContractSerde<T> of(
            Class<T> type, Map<String, ?> clientProperties, SchemaRegistryClient registry) {
        return configured(type, clientProperties, new KafkaAvroSerializer(registry),
                new KafkaAvroDeserializer(registry));
    }

    private static <T extends SpecificRecord> ContractSerde<T> configured(
            Class<T> type, Map<String, ?> clientProperties, KafkaAvroSerializer serializer,
            KafkaAvroDeserializer deserializer) {
        TrustedRecords.trust();
        var properties = new HashMap<String, Object>(clientProperties);
        properties.putIfAbsent(KafkaAvroSerializerConfig.AVRO_REMOVE_JAVA_PROPS_CONFIG, true);
        properties.put(KafkaAvroDeserializerConfig.SPECIFIC_AVRO_READER_CONFIG, true);
        properties.put(KafkaAvroDeserializerConfig.SPECIFIC_AVRO_VALUE_TYPE_CONFIG, type);
        serializer.configure(properties, false);
        deserializer.configure(properties, false);
        return new ContractSerde<>(serializer, new ContractDeserializer<>(type, type.getSimpleName(), deserializer));
    }

    /// Makes a deserializer that leaves records in the schema that they were written with.
    static ContractDeserializer<GenericRecord> asWritten(
            String contract, Map<String, ?> clientProperties, SchemaRegistryClient registry) {
        var properties = new HashMap<String, Object>(clientProperties);
        properties.put(KafkaAvroDeserializerConfig.SPECIFIC_AVRO_READER_CONFIG, false);
        var confluent = new KafkaAvroDeserializer(registry);
        confluent.configure(properties, false);
        return new ContractDeserializer<>(GenericRecord.class, contract, confluent);
    }

    @Override
    public Serializer<T> serializer() {
        return serializer::serialize;
    }

    @Override
    public Deserializer<T> deserializer() {
        return deserializer;
    }

    @Override
    public void close() {
        serializer.close();
        deserializer.close();
    }
}
