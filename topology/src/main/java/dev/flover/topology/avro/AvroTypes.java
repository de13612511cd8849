package dev.flover.topology.avro;

import java.math.BigDecimal;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/// Decides how Avro types without an equivalent in JSON are written in JSON: as text ([TextForm]) or as a decimal
/// number.
final class AvroTypes {
    private AvroTypes() {}

    /// The text form of a type; null where JSON has a form of its own for the type's values.
    ///
    /// @param place names the schema's place in error messages
    /// @throws AvroAnswerException if the logical type is not supported
    static @Nullable TextForm textForm(Schema schema, String place) {
        String logical = schema.getLogicalType() == null ? schema.getProp("logicalType")
                : schema.getLogicalType().getName();
        if ("duration".equals(logical) || "big-decimal".equals(logical)) {
            throw new AvroAnswerException("the logical type " + logical + " at " + place + " is not supported");
        }
        if (schema.getLogicalType() == null) {
            return plain(schema);
        }
        return switch (logical) {
            case "date" -> TextForm.DATE;
            case "time-millis" -> TextForm.TIME_MILLIS;
            case "time-micros" -> TextForm.TIME_MICROS;
            case "timestamp-millis" -> TextForm.TIMESTAMP_MILLIS;
            case "timestamp-micros" -> TextForm.TIMESTAMP_MICROS;
            case "timestamp-nanos" -> TextForm.TIMESTAMP_NANOS;
            case "local-timestamp-millis" -> TextForm.LOCAL_TIMESTAMP_MILLIS;
            case "local-timestamp-micros" -> TextForm.LOCAL_TIMESTAMP_MICROS;
            case "local-timestamp-nanos" -> TextForm.LOCAL_TIMESTAMP_NANOS;
            case "uuid" -> schema.getType() == Schema.Type.STRING ? TextForm.UUID_TEXT : TextForm.UUID_BYTES;
            case "decimal" -> null;
            default -> plain(schema);
        };
    }

    private static @Nullable TextForm plain(Schema schema) {
        return switch (schema.getType()) {
            case BYTES -> TextForm.BASE64;
            case FIXED -> TextForm.BASE64_OF_LENGTH;
            case RECORD, ENUM, ARRAY, MAP, UNION, STRING, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> null;
        };
    }

    /// The type's logical type `decimal`; null where it has another or none.
    static LogicalTypes.@Nullable Decimal decimal(Schema schema) {
        return schema.getLogicalType() instanceof LogicalTypes.Decimal decimal ? decimal : null;
    }

    /// The greatest number that a decimal's precision and scale allow.
    static BigDecimal greatest(LogicalTypes.Decimal decimal) {
        return BigDecimal.TEN.pow(decimal.getPrecision()).subtract(BigDecimal.ONE)
                .movePointLeft(decimal.getScale());
    }
}
