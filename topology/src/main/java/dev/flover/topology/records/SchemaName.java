package dev.flover.topology.records;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// The name by which a record identifies the schema of its value.
///
/// ```
///   value   0 id id id id | Avro            as Confluent's clients have always written it
///   header  0 id id id id                   the same in a header, the value is Avro alone
///   header  1 guid (16 bytes)               since 8.0, where the producer is told to
/// ```
public sealed interface SchemaName {
    /// The header in which Confluent's clients, from 8.0 on, may name the schema.
    String HEADER = "__value_schema_id";

    /// The registry's id of the schema.
    ///
    /// @param inHeader whether the id is in a header, so that the value is Avro without a prefix
    record Id(int id, boolean inHeader) implements SchemaName {}

    record Guid(UUID guid) implements SchemaName {}

    /// The record names no schema, or names one in an unknown form.
    ///
    /// @param problem describes the unknown form; null where the record names no schema, because its value may describe
    ///                itself
    record None(@Nullable String problem) implements SchemaName {}

    static SchemaName of(RequestRecord record) {
        return of(record.headers(), record.value());
    }

    private static SchemaName of(Headers headers, byte @Nullable [] value) {
        var header = headers.lastHeader(HEADER);
        if (header != null && header.value() != null) {
            return ofHeader(ByteBuffer.wrap(header.value()));
        }
        return value != null && value.length >= 1 + Integer.BYTES && value[0] == 0
                ? new Id(ByteBuffer.wrap(value).getInt(1), false)
                : new None(null);
    }

    private static SchemaName ofHeader(ByteBuffer header) {
        if (header.remaining() == 1 + Integer.BYTES && header.get(0) == 0) {
            return new Id(header.getInt(1), true);
        }
        return header.remaining() == 1 + 2 * Long.BYTES && header.get(0) == 1
                ? new Guid(new UUID(header.getLong(1), header.getLong(1 + Long.BYTES)))
                : new None("the header " + HEADER + " must hold a 1 and the 16 bytes of a schema's GUID, or a 0 and "
                        + "the 4 bytes of its id; found " + header.remaining() + " bytes");
    }

    /// The value in the registry's wire format: a zero byte, 4 bytes of a number, Avro.
    ///
    /// @param number of the schema in the registry's client
    default byte[] wire(byte[] value, int number) {
        if (this instanceof None || this instanceof Id(int id, boolean inHeader) && !inHeader) {
            return value;
        }
        return ByteBuffer.allocate(1 + Integer.BYTES + value.length).put((byte) 0).putInt(number).put(value).array();
    }
}
