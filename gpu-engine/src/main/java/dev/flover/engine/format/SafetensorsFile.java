package dev.flover.engine.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.flover.engine.tensor.StoredTensor;
import dev.flover.engine.tensor.TensorFile;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A mapped `.safetensors` file, and its tensors by name.
///
/// ```
///   header length (8 bytes) | header: {"name": {"dtype", "shape", "data_offsets": [from, to]}, ...} | data
/// ```
public final class SafetensorsFile implements TensorSource {
    /// The same limit as in the reference implementation of safetensors.
    private static final int MAX_HEADER_BYTES = 100_000_000;
    private static final int MAX_TENSORS = 1 << 18;
    private static final int MAX_DIMENSIONS = 8;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final TensorFile whole;
    private final Path path;
    private final MemorySegment bytes;
    private final MemorySegment header;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /// @param from the offset of the tensor's first byte from the end of the header
    /// @param to   the offset behind its last byte
    private record Entry(String dtype, long[] shape, long from, long to) {}

    private SafetensorsFile(MappedFile mapped) {
        whole = mapped.file();
        path = whole.path();
        bytes = mapped.bytes();
        header = header();
    }

    static SafetensorsFile open(Path path, Arena arena) {
        var file = new SafetensorsFile(MappedFile.map(path, arena));
        file.readDirectory();
        return file;
    }

    private MemorySegment header() {
        long length = bytes.byteSize() < 8 ? -1 : bytes.get(LONG, 0);
        if (length < 2 || length > MAX_HEADER_BYTES || length > bytes.byteSize() - 8) {
            throw problem("is not a safetensors file: a header of " + Long.toUnsignedString(length)
                    + " bytes does not fit in its " + bytes.byteSize());
        }
        return bytes.asSlice(8, length);
    }

    private void readDirectory() {
        byte[] json = header.toArray(ValueLayout.JAVA_BYTE);
        try (var parser = JsonFile.factory().createParser(json)) {
            expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                expect(parser.nextToken(), JsonToken.START_OBJECT, name);
                if (name.equals("__metadata__")) {
                    parser.skipChildren();
                    continue;
                }
                entries.put(name, entry(parser, name));
                if (entries.size() > MAX_TENSORS) {
                    throw problem("has more than " + MAX_TENSORS + " tensors");
                }
            }
        } catch (JsonProcessingException e) {
            throw new ModelFileException(
                    path, "has a header that is not valid JSON: " + JsonFile.problem(e), e);
        } catch (IOException e) {
            throw new ModelFileException(path, "cannot be read: " + e.getMessage(), e);
        }
    }

    private Entry entry(JsonParser parser, String name) throws IOException {
        String dtype = null;
        long[] shape = null;
        long[] offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            var token = parser.nextToken();
            switch (field) {
                case "dtype" -> {
                    expect(token, JsonToken.VALUE_STRING, "the dtype of " + name);
                    dtype = parser.getText();
                }
                case "shape" -> shape = longs(parser, "the shape of " + name);
                case "data_offsets" -> offsets = longs(parser, "the offsets of " + name);
                default -> parser.skipChildren();
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
            throw problem("does not give dtype, shape and two offsets for tensor " + name);
        }
        long available = bytes.byteSize() - 8 - header.byteSize();
        if (offsets[0] < 0 || offsets[0] > offsets[1] || offsets[1] > available) {
            throw problem("puts tensor " + name + " at bytes " + Arrays.toString(offsets) + " of its " + available
                    + " bytes of data; it may have been cut off");
        }
        return new Entry(dtype, shape, offsets[0], offsets[1]);
    }

    private long[] longs(JsonParser parser, String what) throws IOException {
        expect(parser.currentToken(), JsonToken.START_ARRAY, what);
        long[] values = new long[MAX_DIMENSIONS];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            expect(parser.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
            if (count == MAX_DIMENSIONS) {
                throw problem("has more than " + MAX_DIMENSIONS + " numbers in " + what);
            }
            values[count++] = parser.getLongValue();
        }
        return Arrays.copyOf(values, count);
    }

    private void expect(JsonToken found, JsonToken expected, String what) {
        if (found != expected) {
            throw problem("has a header with " + found + " where " + expected + " is expected, in " + what);
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Set<String> tensorNames() {
        return entries.keySet();
    }

    @Override
    public Optional<StoredTensor> tensor(String name) {
        var entry = entries.get(name);
        if (entry == null) {
            return Optional.empty();
        }
        if (entry.dtype().equals("U8")) {
            return Optional.empty();
        }
        var type = switch (entry.dtype()) {
            case "F32" -> TensorType.F32;
            case "F16" -> TensorType.F16;
            case "BF16" -> TensorType.BF16;
            default -> throw problem("stores tensor " + name + " as " + entry.dtype()
                    + ", which is not supported; F32, F16 and BF16 are");
        };
        var shape = TensorShape.of(path, name, type, entry.shape());
        if (shape.bytes() != entry.to() - entry.from()) {
            throw problem("gives tensor " + name + " of shape " + Arrays.toString(entry.shape()) + " as " + type + " "
                    + (entry.to() - entry.from()) + " bytes; " + shape.bytes() + " expected");
        }
        var data = TensorShape.slice(path, bytes, name, 8 + header.byteSize(), entry.from(), shape.bytes());
        return Optional.of(new StoredTensor(name, type, shape.rows(), shape.columns(), data, whole));
    }

    @Override
    public Optional<MemorySegment> bytes(String name) {
        var entry = entries.get(name);
        return entry == null || !entry.dtype().equals("U8") ? Optional.empty()
                : Optional.of(bytes.asSlice(8 + header.byteSize() + entry.from(), entry.to() - entry.from()));
    }

    public MemorySegment headerBytes() {
        return header;
    }

    /// The bytes of each tensor, including tensors of unsupported types.
    public List<MemorySegment> data() {
        long start = 8 + header.byteSize();
        return entries.values().stream()
                .map(entry -> bytes.asSlice(start + entry.from(), entry.to() - entry.from()))
                .toList();
    }

    long bytes() {
        return bytes.byteSize();
    }

    private ModelFileException problem(String problem) {
        return new ModelFileException(path, problem);
    }
}
