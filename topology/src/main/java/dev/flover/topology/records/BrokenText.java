package dev.flover.topology.records;

import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/// Finds out whether a record contained text that was not valid UTF-8.
///
/// Decoding replaces invalid bytes by the character U+FFFD, which looks the same as a U+FFFD that the producer wrote.
/// But the latter is three bytes in the record: if the decoded texts hold more such characters than the record's bytes
/// do, the others stood for invalid bytes.
public final class BrokenText {
    private static final char REPLACEMENT = '\uFFFD';

    private BrokenText() {}

    /// Whether a record contains invalid text.
    ///
    /// @param bytes the bytes that the record was decoded from
    public static boolean isIn(SpecificRecord record, byte[] bytes) {
        int decoded = count(record);
        return decoded > 0 && decoded > written(bytes);
    }

    private static int count(Object value) {
        return switch (value) {
            case null -> 0;
            case CharSequence text -> (int) text.chars().filter(c -> c == REPLACEMENT).count();
            case SpecificRecord record -> {
                int sum = 0;
                for (var field : record.getSchema().getFields()) {
                    sum += count(record.get(field.pos()));
                }
                yield sum;
            }
            case List<?> items -> items.stream().mapToInt(BrokenText::count).sum();
            case Map<?, ?> entries -> entries.entrySet().stream()
                    .mapToInt(entry -> count(entry.getKey()) + count(entry.getValue())).sum();
            default -> 0;
        };
    }

    private static int written(byte[] bytes) {
        int found = 0;
        for (int i = 0; i + 2 < bytes.length; i++) {
            if (bytes[i] == (byte) 0xEF && bytes[i + 1] == (byte) 0xBF && bytes[i + 2] == (byte) 0xBD) {
                found++;
            }
        }
        return found;
    }
}
