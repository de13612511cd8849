package dev.flover.schemas.serdes;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericEnumSymbol;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.jspecify.annotations.Nullable;

/// A record's content as bytes that do not depend on the schema that the record is held in. Digests of requests are
/// made of these bytes.
///
/// Each field comes with its name, in alphabetical order. A field whose value is its schema's default is left out, at
/// every depth, so adding or removing a field in the schema changes nothing as long as the field is not set. There is
/// one form for integers of all widths and one for fractions of all widths; the entries of maps are sorted by name.
///
/// ```
///   record   R  count  (name, value)*      integer  I  8 bytes      text   S  length  UTF-8
///   array    A  count  value*              fraction F  8 bytes      bytes  Y  length  bytes
///   map      M  count  (name, value)*      boolean  B  1 byte       null   N
/// ```
public final class ContentForm {
    /// The most schemas whose defaults are kept in memory. A limit is needed because producers may send ever new
    /// schemas.
    private static final int SCHEMAS_KEPT = 1000;
    private static final Map<Schema, byte[][]> DEFAULTS = new ConcurrentHashMap<>();

    private ContentForm() {}

    public static byte[] of(IndexedRecord record) {
        return bytes(record);
    }

    /// Tells whether the value of a field is the default that its schema gives.
    static boolean isDefault(Schema record, Schema.Field field, Object value) {
        return Arrays.equals(bytes(value), defaults(record)[field.pos()]);
    }

    private static byte[] bytes(Object value) {
        var bytes = new ByteArrayOutputStream();
        try {
            write(value, new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);      // a buffer in memory has no I/O to fail
        }
        return bytes.toByteArray();
    }

    private static void write(Object value, DataOutputStream out) throws IOException {
        if (value == null) {
            out.writeByte('N');
        } else if (value instanceof Boolean flag) {
            out.writeByte('B');
            out.writeBoolean(flag);
        } else if (value instanceof Integer || value instanceof Long) {
            out.writeByte('I');
            out.writeLong(((Number) value).longValue());
        } else if (value instanceof Float || value instanceof Double) {
            out.writeByte('F');
            out.writeDouble(((Number) value).doubleValue());
        } else if (value instanceof CharSequence || value instanceof GenericEnumSymbol<?>) {
            sized('S', value.toString().getBytes(StandardCharsets.UTF_8), out);
        } else if (value instanceof Enum<?> symbol) {
            sized('S', symbol.name().getBytes(StandardCharsets.UTF_8), out);
        } else if (value instanceof ByteBuffer buffer) {
            byte[] content = new byte[buffer.remaining()];
            buffer.duplicate().get(content);
            sized('Y', content, out);
        } else if (value instanceof GenericFixed fixed) {
            sized('Y', fixed.bytes(), out);
        } else if (value instanceof IndexedRecord record) {
            fields(record, out);
        } else {
            writeContainer(value, out);
        }
    }

    private static void writeContainer(Object value, DataOutputStream out) throws IOException {
        if (value instanceof Collection<?> items) {
            out.writeByte('A');
            out.writeInt(items.size());
            for (var item : items) {
                write(item, out);
            }
        } else if (value instanceof Map<?, ?> entries) {
            var sorted = new TreeMap<String, byte[]>();
            entries.forEach((name, entry) -> sorted.put(name.toString(), bytes(entry)));
            named('M', sorted, out);
        } else {
            throw new IllegalArgumentException("not a value of Avro: " + value.getClass());
        }
    }

    private static void fields(IndexedRecord record, DataOutputStream out) throws IOException {
        var set = new TreeMap<String, byte[]>();
        byte[][] defaults = defaults(record.getSchema());
        for (var field : record.getSchema().getFields()) {
            byte[] content = bytes(record.get(field.pos()));
            if (!Arrays.equals(content, defaults[field.pos()])) {
                set.put(field.name(), content);
            }
        }
        named('R', set, out);
    }

    /// Returns the content of each field's default, by the field's position; null for a field without a default.
    private static byte[] @Nullable [] defaults(Schema record) {
        byte[][] kept = DEFAULTS.get(record);
        if (kept == null) {     // not computeIfAbsent: the defaults of an inner record are computed in this call
            kept = readDefaults(record);
            if (DEFAULTS.size() > SCHEMAS_KEPT) {
                DEFAULTS.clear();
            }
            DEFAULTS.put(record, kept);
        }
        return kept;
    }

    private static byte[][] readDefaults(Schema record) {
        var defaults = new byte[record.getFields().size()][];
        for (var field : record.getFields()) {
            if (field.hasDefaultValue()) {
                defaults[field.pos()] = bytes(GenericData.get().getDefaultValue(field));
            }
        }
        return defaults;
    }

    private static void sized(char kind, byte[] content, DataOutputStream out) throws IOException {
        out.writeByte(kind);
        out.writeInt(content.length);
        out.write(content);
    }

    private static void named(char kind, TreeMap<String, byte[]> entries, DataOutputStream out) throws IOException {
        out.writeByte(kind);
        out.writeInt(entries.size());
        for (var entry : entries.entrySet()) {
            sized('S', entry.getKey().getBytes(StandardCharsets.UTF_8), out);
            out.write(entry.getValue());
        }
    }
}
