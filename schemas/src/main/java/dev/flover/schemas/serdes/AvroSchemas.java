package dev.flover.schemas.serdes;

import io.confluent.kafka.schemaregistry.ParsedSchema;
import io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import io.confluent.kafka.schemaregistry.client.rest.entities.Schema;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;

/// Parses the schemas that a registry serves. A schema that Avro refuses becomes an [UnreadableSchemaException], so
/// that it differs from a registry that cannot be reached: Confluent's provider reports both as an I/O error.
public final class AvroSchemas extends AvroSchemaProvider {
    @Override
    public Optional<ParsedSchema> parseSchema(Schema schema, boolean isNew) {
        return parseSchema(schema, isNew, false);
    }

    @Override
    public Optional<ParsedSchema> parseSchema(Schema schema, boolean isNew, boolean normalize) {
        try {
            return Optional.of(parseSchemaOrElseThrow(schema, isNew, normalize));
        } catch (AvroRuntimeException e) {
            throw new UnreadableSchemaException("Avro cannot parse the schema that the registry serves: "
                    + e.getMessage(), e);
        }
    }
}
