package dev.flover.engine.format;

import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorFile;
import dev.flover.engine.tensor.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads the header of one mapped GGUF file from front to back. The file is untrusted: each count is compared with the
/// remaining bytes before memory is allocated for it, and each error message names the byte at which the problem is.
final class GgufReader {
    private static final int MAGIC = 0x46554747;      // "GGUF"
    private static final int MAX_KEY_BYTES = 65_535;
    private static final int MAX_STRING_BYTES = 16 << 20;
    private static final int MAX_ENTRIES = 1 << 17;
    /// The most elements of all arrays of a file together; the largest published vocabularies have under a million
    /// strings.
    private static final int MAX_ARRAY_ELEMENTS = 4 << 20;
    /// The most bytes of all strings of a file together; the largest published vocabularies have ten million bytes.
    private static final int MAX_TEXT_BYTES = 64 << 20;
    private static final int MAX_DIMENSIONS = 4;
    private static final int MIN_TENSOR_BYTES = 8 + 4 + 8 + 4 + 8;
    private static final int MIN_METADATA_BYTES = 8 + 4 + 1;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final TensorFile whole;
    private final Path file;
    private final MemorySegment bytes;
    private long at;
    private long arrayElements;
    private long textBytes;

    GgufReader(MappedFile mapped) {
        whole = mapped.file();
        file = whole.path();
        bytes = mapped.bytes();
    }

    /// The content of one file; a split model has several.
    ///
    /// @param header all bytes before the tensors' data
    record Part(int version, GgufMetadata metadata, Map<String, StoredTensor> tensors, MemorySegment header) {}

    Part read() {
        int version = readVersion();
        long tensorCount = count("tensors", MIN_TENSOR_BYTES);
        long metadataCount = count("metadata entries", MIN_METADATA_BYTES);
        var metadata = readMetadata(metadataCount);
        var directory = readDirectory(tensorCount);
        long header = at;
        var tensors = locate(directory, align(metadata));
        return new Part(version, metadata, tensors, bytes.asSlice(0, header));
    }

    private int readVersion() {
        if (bytes.byteSize() < 4 || bytes.get(INT, 0) != MAGIC) {
            throw problem("is not a GGUF file: it does not begin with the letters GGUF");
        }
        at = 4;
        int version = u32("the version");
        if ((version & 0xFFFF) == 0 && version != 0) {
            throw problem("is a big-endian GGUF file; only little-endian ones are supported");
        }
        if (version != 2 && version != 3) {
            throw problem("is GGUF version " + Integer.toUnsignedString(version) + "; versions 2 and 3 are supported");
        }
        return version;
    }

    private long count(String what, int minimumBytes) {
        long count = u64("the number of " + what);
        if (count > MAX_ENTRIES || count > (bytes.byteSize() - at) / minimumBytes) {
            throw problem("claims " + count + " " + what + ", more than fit in its " + bytes.byteSize()
                    + " bytes or than the " + MAX_ENTRIES + " that are allowed");
        }
        return count;
    }

    // Reading metadata

    private GgufMetadata readMetadata(long count) {
        var values = new LinkedHashMap<String, GgufValue>();
        for (long i = 0; i < count; i++) {
            long start = at;
            String key = string("the name of metadata entry " + i, MAX_KEY_BYTES);
            var value = value(key, u32("the type of metadata " + key));
            if (values.put(key, value) != null) {
                throw problem("has metadata " + key + " twice, the second time at byte " + start);
            }
        }
        return new GgufMetadata(file, values);
    }

    private GgufValue value(String key, int type) {
        return switch (type) {
            case 0, 1, 2, 3, 4, 5, 10, 11 -> new GgufValue.Whole(whole("metadata " + key, type));
            case 6, 12 -> new GgufValue.Real(real("metadata " + key, type));
            case 7 -> new GgufValue.Flag(flag(key));
            case 8 -> new GgufValue.Text(string("metadata " + key, MAX_STRING_BYTES));
            case 9 -> array(key);
            default -> throw unknownType(key, type);
        };
    }

    private GgufValue array(String key) {
        int type = u32("the element type of metadata " + key);
        long start = at;
        long count = u64("the length of metadata " + key);
        int minimumBytes = width(key, type);
        arrayElements += Math.min(count, MAX_ARRAY_ELEMENTS + 1L);
        if (count > (bytes.byteSize() - at) / minimumBytes || arrayElements > MAX_ARRAY_ELEMENTS) {
            throw problem("claims " + count + " elements for metadata " + key + " at byte " + start
                    + ", more than fit in the file or than the " + MAX_ARRAY_ELEMENTS + " that are allowed");
        }
        int length = (int) count;
        return switch (type) {
            case 0, 1, 2, 3, 4, 5, 10, 11 -> wholes(key, type, length);
            case 6, 12 -> reals(key, type, length);
            case 7 -> flags(key, length);
            default -> texts(key, length);
        };
    }

    /// The fewest bytes that a value of a type takes in the file.
    private int width(String key, int type) {
        return switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 4, 5, 6 -> 4;
            case 8, 10, 11, 12 -> 8;
            case 9 -> throw problem("nests arrays in metadata " + key + " at byte " + at + ", which no model uses");
            default -> throw unknownType(key, type);
        };
    }

    private GgufValue wholes(String key, int type, int length) {
        long[] values = new long[length];
        String what = "metadata " + key;
        for (int i = 0; i < length; i++) {
            values[i] = whole(what, type);
        }
        return new GgufValue.Wholes(values);
    }

    private GgufValue reals(String key, int type, int length) {
        float[] values = new float[length];
        String what = "metadata " + key;
        for (int i = 0; i < length; i++) {
            values[i] = (float) real(what, type);
        }
        return new GgufValue.Reals(values);
    }

    private GgufValue flags(String key, int length) {
        boolean[] values = new boolean[length];
        for (int i = 0; i < length; i++) {
            values[i] = flag(key);
        }
        return new GgufValue.Flags(values);
    }

    private GgufValue texts(String key, int length) {
        var values = new ArrayList<String>(length);
        String what = "an element of metadata " + key;
        for (int i = 0; i < length; i++) {
            values.add(string(what, MAX_STRING_BYTES));
        }
        return new GgufValue.Texts(values);
    }

    private long whole(String what, int type) {
        return switch (type) {
            case 0 -> u8(what);
            case 1 -> (byte) u8(what);
            case 2 -> bytes.get(SHORT, take(2, what)) & 0xFFFF;
            case 3 -> bytes.get(SHORT, take(2, what));
            case 4 -> Integer.toUnsignedLong(u32(what));
            case 5 -> u32(what);
            case 10 -> u64(what);
            default -> bytes.get(LONG, take(8, what));
        };
    }

    private double real(String what, int type) {
        return type == 6
                ? Float.intBitsToFloat(u32(what))
                : Double.longBitsToDouble(bytes.get(LONG, take(8, what)));
    }

    private boolean flag(String key) {
        long start = at;
        int value = u8("metadata " + key);
        if (value > 1) {
            throw problem("has the bool " + value + " in metadata " + key + " at byte " + start + "; 0 or 1 expected");
        }
        return value == 1;
    }

    // Reading the directory of tensors

    private record Entry(String name, TensorType type, long[] dimensions, long offset) {}

    private List<Entry> readDirectory(long count) {
        var entries = new ArrayList<Entry>();
        for (long i = 0; i < count; i++) {
            String name = string("the name of tensor " + i, MAX_KEY_BYTES);
            int rank = u32("the rank of tensor " + name);
            if (rank < 1 || rank > MAX_DIMENSIONS) {
                throw problem("gives tensor " + name + " " + Integer.toUnsignedString(rank)
                        + " dimensions; 1 to " + MAX_DIMENSIONS + " are possible");
            }
            long[] dimensions = new long[rank];
            for (int d = 0; d < rank; d++) {
                dimensions[d] = u64("a dimension of tensor " + name);
            }
            var type = tensorType(name, u32("the type of tensor " + name));
            entries.add(new Entry(name, type, dimensions, u64("the offset of tensor " + name)));
        }
        return entries;
    }

    private TensorType tensorType(String name, int id) {
        for (var type : TensorType.values()) {
            if (type.ggufId() == id) {
                return type;
            }
        }
        throw problem("stores tensor " + name + " as type " + Integer.toUnsignedString(id)
                + ", which is not supported; the supported ones are " + Arrays.toString(TensorType.values()));
    }

    private long align(GgufMetadata metadata) {
        int alignment = metadata.integer("general.alignment").orElse(32);
        if (alignment < 1 || Integer.bitCount(alignment) != 1 || alignment > 1 << 20) {
            throw problem("asks for an alignment of " + alignment + "; a power of two up to 1 MiB expected");
        }
        return alignment;
    }

    private Map<String, StoredTensor> locate(List<Entry> directory, long alignment) {
        long dataStart = Math.ceilDiv(at, alignment) * alignment;
        var tensors = new LinkedHashMap<String, StoredTensor>();
        for (var entry : directory) {
            if (entry.offset() % alignment != 0) {
                throw problem("puts tensor " + entry.name() + " at offset " + entry.offset()
                        + ", which is not a multiple of the alignment " + alignment);
            }
            var shape = TensorShape.of(file, entry.name(), entry.type(), reversed(entry.dimensions()));
            var data = TensorShape.slice(file, bytes, entry.name(), dataStart, entry.offset(), shape.bytes());
            var tensor = new StoredTensor(entry.name(), entry.type(), shape.rows(), shape.columns(), data, whole);
            if (tensors.put(entry.name(), tensor) != null) {
                throw problem("has two tensors called " + entry.name());
            }
        }
        return tensors;
    }

    /// The dimensions from the outermost to the contiguous one; GGUF lists the contiguous one first.
    private static long[] reversed(long[] dimensions) {
        long[] reversed = new long[dimensions.length];
        for (int i = 0; i < reversed.length; i++) {
            reversed[i] = dimensions[dimensions.length - 1 - i];
        }
        return reversed;
    }

    // Reading primitive values

    private String string(String what, int limit) {
        long start = at;
        // No text for an error is made unless there is one: for a large vocabulary that took longer than all else here
        boolean valid = bytes.byteSize() - at >= Long.BYTES && bytes.get(LONG, at) >= 0;
        long length = valid ? bytes.get(LONG, take(Long.BYTES, what)) : u64("the length of " + what);
        if (length > limit || length > bytes.byteSize() - at) {
            throw problem("claims " + length + " bytes for " + what + " at byte " + start
                    + ", more than the file has left or than the " + limit + " that are allowed");
        }
        textBytes += length;
        if (textBytes > MAX_TEXT_BYTES) {
            throw problem("has more than " + MAX_TEXT_BYTES + " bytes of names and strings, up to " + what
                    + " at byte " + start);
        }
        byte[] text = new byte[(int) length];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, take(length, what), text, 0, text.length);
        return new String(text, StandardCharsets.UTF_8);
    }

    private int u8(String what) {
        return bytes.get(ValueLayout.JAVA_BYTE, take(1, what)) & 0xFF;
    }

    private int u32(String what) {
        return bytes.get(INT, take(4, what));
    }

    private long u64(String what) {
        long start = at;
        long value = bytes.get(LONG, take(8, what));
        if (value < 0) {
            throw problem("gives " + what + " as " + Long.toUnsignedString(value) + " at byte " + start
                    + ", which is not a valid size");
        }
        return value;
    }

    private long take(long length, String what) {
        if (length > bytes.byteSize() - at) {
            throw problem("ends at byte " + bytes.byteSize() + ", in the middle of " + what
                    + "; it may have been cut off");
        }
        long start = at;
        at += length;
        return start;
    }

    private ModelFileException unknownType(String key, int type) {
        return problem("gives metadata " + key + " the unknown type " + Integer.toUnsignedString(type)
                + " before byte " + at);
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(file, problem);
    }
}
