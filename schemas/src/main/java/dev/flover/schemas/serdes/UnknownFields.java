package dev.flover.schemas.serdes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/// Finds the content of a record that would be lost when it is read with another schema: Avro drops a field that the
/// reader's schema lacks, and replaces an enum symbol that the reader's schema lacks by the default.
final class UnknownFields {
    private UnknownFields() {}

    /// Tells whether a record of one schema can hold content that a reader with the other schema would drop.
    static boolean arePossible(Schema written, Schema read) {
        return arePossible(written, read, new ArrayList<>());
    }

    private static boolean arePossible(Schema written, Schema read, List<Schema> around) {
        if (written.getType() == Schema.Type.UNION) {
            return written.getTypes().stream().anyMatch(branch -> arePossible(branch, read, around));
        }
        var known = branch(written, read);
        if (known == null) {
            return true;
        }
        return switch (written.getType()) {
            case RECORD -> !around.contains(written) && anyField(written, known, around);
            case ARRAY -> arePossible(written.getElementType(), known.getElementType(), around);
            case MAP -> arePossible(written.getValueType(), known.getValueType(), around);
            case ENUM -> !known.getEnumSymbols().containsAll(written.getEnumSymbols());
            case UNION, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> false;
        };
    }

    private static boolean anyField(Schema written, Schema read, List<Schema> around) {
        var within = new ArrayList<>(around);
        within.add(written);
        return written.getFields().stream().anyMatch(field -> {
            var known = read.getField(field.name());
            return known == null || arePossible(field.schema(), known.schema(), within);
        });
    }

    /// Returns the names of the fields that are set and that the reader's schema lacks; inner ones as `outer.inner`.
    static List<String> set(IndexedRecord record, Schema read) {
        var names = new ArrayList<String>();
        fields(record, read, "", names);
        return names.stream().distinct().toList();
    }

    private static void fields(IndexedRecord record, Schema read, String path, List<String> names) {
        var written = record.getSchema();
        for (var field : written.getFields()) {
            var known = read.getField(field.name());
            var value = record.get(field.pos());
            String name = path.isEmpty() ? field.name() : path + "." + field.name();
            if (known != null) {
                collect(value, field.schema(), known.schema(), name, names);
            } else if (!ContentForm.isDefault(written, field, value)) {
                names.add(name);
            }
        }
    }

    private static void collect(Object value, Schema written, Schema read, String path, List<String> names) {
        if (written.getType() == Schema.Type.UNION) {
            int index = GenericData.get().resolveUnion(written, value);
            collect(value, written.getTypes().get(index), read, path, names);
            return;
        }
        var known = branch(written, read);
        if (known == null) {
            names.add(path);
            return;
        }
        switch (written.getType()) {
            case RECORD -> fields((IndexedRecord) value, known, path, names);
            case ARRAY -> ((Collection<?>) value).forEach(
                    item -> collect(item, written.getElementType(), known.getElementType(), path, names));
            case MAP -> ((Map<?, ?>) value).values().forEach(
                    item -> collect(item, written.getValueType(), known.getValueType(), path, names));
            case ENUM -> {
                if (!known.getEnumSymbols().contains(value.toString())) {
                    names.add(path);
                }
            }
            case UNION, FIXED, STRING, BYTES, INT, LONG, FLOAT, DOUBLE, BOOLEAN, NULL -> { }
        }
    }

    /// Returns the reader's schema, or the branch of its union, that accepts values of the writer's schema; null if
    /// none does.
    private static @Nullable Schema branch(Schema written, Schema read) {
        if (read.getType() != Schema.Type.UNION) {
            return takes(written, read) ? read : null;
        }
        return read.getTypes().stream().filter(candidate -> takes(written, candidate)).findFirst().orElse(null);
    }

    /// Tells whether a reader accepts a writer's type by Avro's rules of schema resolution: equal types, numbers that
    /// widen, and strings as bytes or bytes as strings.
    private static boolean takes(Schema written, Schema read) {
        var type = read.getType();
        return switch (written.getType()) {
            case INT -> type == Schema.Type.INT || type == Schema.Type.LONG || isFraction(type);
            case LONG -> type == Schema.Type.LONG || isFraction(type);
            case FLOAT -> isFraction(type);
            case STRING, BYTES -> type == Schema.Type.STRING || type == Schema.Type.BYTES;
            case RECORD, ENUM, FIXED, ARRAY, MAP, UNION, DOUBLE, BOOLEAN, NULL -> type == written.getType();
        };
    }

    private static boolean isFraction(Schema.Type type) {
        return type == Schema.Type.FLOAT || type == Schema.Type.DOUBLE;
    }
}
