package dev.flover.engine.format;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The metadata of a GGUF file by key, in the file's order.
///
/// An absent key is empty; a key of another kind than asked for is a [ModelFileException] that names both.
public final class GgufMetadata {
    private final Path file;
    private final Map<String, GgufValue> values;
    private final Set<String> asked = ConcurrentHashMap.newKeySet();

    GgufMetadata(Path file, Map<String, GgufValue> values) {
        this.file = file;
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    public Set<String> keys() {
        return values.keySet();
    }

    public Optional<GgufValue> value(String key) {
        return Optional.ofNullable(asked(key));
    }

    public Optional<String> text(String key) {
        return switch (asked(key)) {
            case null -> Optional.empty();
            case GgufValue.Text text -> Optional.of(text.value());
            case GgufValue other -> throw unexpected(key, "a string", other);
        };
    }

    public OptionalInt integer(String key) {
        return switch (asked(key)) {
            case null -> OptionalInt.empty();
            case GgufValue.Whole whole -> OptionalInt.of(narrow(key, whole.value()));
            case GgufValue other -> throw unexpected(key, "an integer", other);
        };
    }

    /// Integers are accepted, too.
    public OptionalDouble real(String key) {
        return switch (asked(key)) {
            case null -> OptionalDouble.empty();
            case GgufValue.Real real -> OptionalDouble.of(real.value());
            case GgufValue.Whole whole -> OptionalDouble.of(whole.value());
            case GgufValue other -> throw unexpected(key, "a float", other);
        };
    }

    public Optional<Boolean> flag(String key) {
        return switch (asked(key)) {
            case null -> Optional.empty();
            case GgufValue.Flag flag -> Optional.of(flag.value());
            case GgufValue other -> throw unexpected(key, "a bool", other);
        };
    }

    /// An empty list where the key is absent.
    public List<String> texts(String key) {
        return switch (asked(key)) {
            case null -> List.of();
            case GgufValue.Texts texts -> texts.values();
            case GgufValue other -> throw unexpected(key, "an array of strings", other);
        };
    }

    /// A fresh array, empty where the key is absent.
    public int[] integers(String key) {
        return switch (asked(key)) {
            case null -> new int[0];
            case GgufValue.Wholes wholes -> narrow(key, wholes.values());
            case GgufValue other -> throw unexpected(key, "an array of integers", other);
        };
    }

    /// A fresh array, empty where the key is absent.
    public float[] reals(String key) {
        return switch (asked(key)) {
            case null -> new float[0];
            case GgufValue.Reals reals -> reals.values().clone();
            case GgufValue other -> throw unexpected(key, "an array of floats", other);
        };
    }

    private GgufValue asked(String key) {
        asked.add(key);
        return values.get(key);
    }

    /// Keys under a prefix that nobody has asked for, in the file's order.
    public List<String> neverAsked(String prefix) {
        return values.keySet().stream().filter(key -> key.startsWith(prefix) && !asked.contains(key)).toList();
    }

    /// A value that is not to count as used.
    public GgufValue peek(String key) {
        return values.get(key);
    }

    private int[] narrow(String key, long[] values) {
        int[] narrowed = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            narrowed[i] = narrow(key, values[i]);
        }
        return narrowed;
    }

    /// Unsigned 32-bit numbers that say "none" as all ones become -1.
    private int narrow(String key, long value) {
        if (value == 0xFFFF_FFFFL) {
            return -1;
        }
        if (value != (int) value) {
            throw new ModelFileException(file, "metadata " + key + " is " + value + ", too large for a 32-bit integer");
        }
        return (int) value;
    }

    private ModelFileException unexpected(String key, String expected, GgufValue found) {
        return new ModelFileException(
                file, "metadata " + key + " should be " + expected + " and is " + found.kind());
    }
}
