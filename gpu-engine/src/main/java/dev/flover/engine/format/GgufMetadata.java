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
import org.jspecify.annotations.Nullable;

/// The metadata of a GGUF file by key, in the file's order. Records which keys were read, so that the loader can refuse
/// a file with a key that it does not use.
///
/// For an absent key the getters return an empty value. For a value of another type than requested they throw a
/// [ModelFileException] that names both types.
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

    /// A float; an integer is accepted, too.
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

    /// An array of strings; an empty list if the key is absent.
    public List<String> texts(String key) {
        return switch (asked(key)) {
            case null -> List.of();
            case GgufValue.Texts texts -> texts.values();
            case GgufValue other -> throw unexpected(key, "an array of strings", other);
        };
    }

    /// An array of integers as a new array; empty if the key is absent.
    public int[] integers(String key) {
        return switch (asked(key)) {
            case null -> new int[0];
            case GgufValue.Wholes wholes -> narrow(key, wholes.values());
            case GgufValue other -> throw unexpected(key, "an array of integers", other);
        };
    }

    /// An array of floats as a new array; empty if the key is absent.
    public float[] reals(String key) {
        return switch (asked(key)) {
            case null -> new float[0];
            case GgufValue.Reals reals -> reals.values().clone();
            case GgufValue other -> throw unexpected(key, "an array of floats", other);
        };
    }

    private @Nullable GgufValue asked(String key) {
        asked.add(key);
        return values.get(key);
    }

    /// The keys with a prefix that were not read by any other method, in the file's order.
    public List<String> neverAsked(String prefix) {
        return values.keySet().stream().filter(key -> key.startsWith(prefix) && !asked.contains(key)).toList();
    }

    /// The value of a key, without counting the key as read; null if it is absent.
    public @Nullable GgufValue peek(String key) {
        return values.get(key);
    }

    private int[] narrow(String key, long[] values) {
        int[] narrowed = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            narrowed[i] = narrow(key, values[i]);
        }
        return narrowed;
    }

    /// The value as an int. The largest unsigned 32-bit number, by which files say "none", becomes -1.
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
