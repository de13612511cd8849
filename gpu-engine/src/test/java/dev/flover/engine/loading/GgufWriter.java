package dev.flover.engine.loading;

import dev.flover.engine.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;

/// Writes GGUF files for tests. Metadata and tensors are written in the order in which they were added.
///
/// ```java
/// new GgufWriter().put("general.architecture", "llama").tensor("a", TensorType.F32, values, 2, 8).write(path);
/// ```
public final class GgufWriter {
    private static final int ALIGNMENT = 32;

    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final List<Entry> tensors = new ArrayList<>();
    private int version = 3;

    /// @param dimensions the dimensions, the outermost first
    /// @param data       the elements, encoded as the type stores them
    record Entry(String name, TensorType type, int[] dimensions, byte[] data) {
        int columns() {
            return dimensions[dimensions.length - 1];
        }
    }

    public GgufWriter version(int version) {
        this.version = version;
        return this;
    }

    /// @param value a String, Boolean, Integer (stored as unsigned), Long, Float or Double, or an array: int[], float[]
    ///              or a list of strings
    public GgufWriter put(String key, Object value) {
        metadata.put(key, value);
        return this;
    }

    public GgufWriter remove(String key) {
        metadata.remove(key);
        return this;
    }

    /// @param dimensions the dimensions, the outermost first
    public GgufWriter tensor(String name, TensorType type, float[] values, int... dimensions) {
        return tensor(name, type, encode(type, values), dimensions);
    }

    /// @param data       the elements, encoded as the type stores them
    /// @param dimensions the dimensions, the outermost first
    public GgufWriter tensor(String name, TensorType type, byte[] data, int... dimensions) {
        tensors.add(new Entry(name, type, dimensions.clone(), data));
        return this;
    }

    public GgufWriter removeTensor(String name) {
        tensors.removeIf(entry -> entry.name().equals(name));
        return this;
    }

    /// Replaces the data of tensors. Tensors for which `change` returns null stay as they are.
    GgufWriter change(UnaryOperator<Entry> change) {
        tensors.replaceAll(entry -> {
            var changed = change.apply(entry);
            return changed == null ? entry : changed;
        });
        return this;
    }

    public Path write(Path file) {
        try {
            return Files.write(file, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Splits the tensors over several files, as llama.cpp's splitting tool does.
    ///
    /// @return the path of the first file
    public Path writeSplit(Path folder, String name, int parts) {
        Path first = null;
        for (int part = 0; part < parts; part++) {
            var writer = new GgufWriter().version(version);
            if (part == 0) {
                writer.metadata.putAll(metadata);
            }
            writer.put("split.no", part).put("split.count", parts).put("split.tensors.count", tensors.size());
            int share = Math.ceilDiv(tensors.size(), parts);
            writer.tensors.addAll(tensors.subList(
                    Math.min(part * share, tensors.size()), Math.min((part + 1) * share, tensors.size())));
            var file = folder.resolve("%s-%05d-of-%05d.gguf".formatted(name, part + 1, parts));
            writer.write(file);
            first = first == null ? file : first;
        }
        return first;
    }

    public byte[] bytes() {
        var out = new Output();
        out.raw("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.u32(version);
        out.u64(tensors.size());
        out.u64(metadata.size());
        metadata.forEach((key, value) -> {
            out.string(key);
            out.typed(value);
        });
        long offset = 0;
        for (var entry : tensors) {
            out.string(entry.name());
            out.u32(entry.dimensions().length);
            for (int d = entry.dimensions().length - 1; d >= 0; d--) {
                out.u64(entry.dimensions()[d]);
            }
            out.u32(entry.type().ggufId());
            out.u64(offset);
            offset += Math.ceilDiv(entry.data().length, ALIGNMENT) * (long) ALIGNMENT;
        }
        out.align();
        for (var entry : tensors) {
            out.raw(entry.data());
            out.align();
        }
        return out.bytes.toByteArray();
    }

    /// Encodes numbers in a type. Quantisation is the simple one: the largest magnitude of a block determines its
    /// scale.
    public static byte[] encode(TensorType type, float[] values) {
        var out = ByteBuffer.allocate((int) type.rowBytes(values.length)).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case F32 -> out.asFloatBuffer().put(values);
            case F16 -> {
                for (float value : values) {
                    out.putShort(Float.floatToFloat16(value));
                }
            }
            case BF16 -> {
                for (float value : values) {
                    out.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                }
            }
            case Q8_0 -> {
                for (int at = 0; at < values.length; at += 32) {
                    encodeQ8(values, at, out);
                }
            }
            case Q4_0 -> {
                for (int at = 0; at < values.length; at += 32) {
                    encodeQ4(values, at, out);
                }
            }
            default -> throw new IllegalArgumentException("no encoder for " + type + "; give its bytes");
        }
        return out.array();
    }

    private static void encodeQ8(float[] values, int at, ByteBuffer out) {
        float scale = largest(values, at) / 127;
        out.putShort(Float.floatToFloat16(scale));
        for (int i = 0; i < 32; i++) {
            out.put((byte) (scale == 0 ? 0 : Math.round(values[at + i] / scale)));
        }
    }

    private static void encodeQ4(float[] values, int at, ByteBuffer out) {
        float scale = largest(values, at) / 7;
        out.putShort(Float.floatToFloat16(scale));
        for (int i = 0; i < 16; i++) {
            out.put((byte) (nibble(values[at + i], scale) | nibble(values[at + 16 + i], scale) << 4));
        }
    }

    private static int nibble(float value, float scale) {
        return scale == 0 ? 8 : Math.clamp(Math.round(value / scale) + 8, 0, 15);
    }

    private static float largest(float[] values, int at) {
        float largest = 0;
        for (int i = 0; i < 32; i++) {
            largest = Math.max(largest, Math.abs(values[at + i]));
        }
        return largest;
    }

    private static final class Output {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void raw(byte[] data) {
            bytes.writeBytes(data);
        }

        void u32(int value) {
            raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
        }

        void u64(long value) {
            raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        }

        void string(String text) {
            byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
            u64(encoded.length);
            raw(encoded);
        }

        void align() {
            raw(new byte[Math.floorMod(-bytes.size(), ALIGNMENT)]);
        }

        void typed(Object value) {
            switch (value) {
                case Integer number -> number(4, () -> u32(number));
                case Long number -> number(10, () -> u64(number));
                case Float number -> number(6, () -> u32(Float.floatToRawIntBits(number)));
                case Double number -> number(12, () -> u64(Double.doubleToRawLongBits(number)));
                case Boolean flag -> number(7, () -> bytes.write(flag ? 1 : 0));
                case String text -> number(8, () -> string(text));
                case boolean[] flags -> array(7, flags.length, i -> bytes.write(flags[i] ? 1 : 0));
                case int[] numbers -> array(5, numbers.length, i -> u32(numbers[i]));
                case float[] numbers -> array(6, numbers.length, i -> u32(Float.floatToRawIntBits(numbers[i])));
                case List<?> texts -> array(8, texts.size(), i -> string((String) texts.get(i)));
                default -> throw new IllegalArgumentException("no GGUF type for " + value.getClass());
            }
        }

        private void number(int type, Runnable write) {
            u32(type);
            write.run();
        }

        private void array(int type, int length, IntConsumer element) {
            u32(9);
            u32(type);
            u64(length);
            for (int i = 0; i < length; i++) {
                element.accept(i);
            }
        }
    }
}
