package dev.flover.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// A model of every family in Hugging Face's layout, with random weights.
///
/// `src/test/resources/families` has a file for each: the configuration as transformers writes it, the shapes of the
/// tensors, a seed for their weights, and the answers of transformers to some prompts. `references.py` beside these
/// files draws the same weights and computes the answers.
public final class RandomFamilies {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path WRITTEN = Path.of("target", "test-data", "families");
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private static List<Path> folders;

    private RandomFamilies() {}

    /// The folders, written once: `config.json`, `model.safetensors`, and `reference.json` with the answers.
    public static synchronized List<Path> folders() {
        if (folders == null) {
            try (var files = Files.list(TestData.of("families"))) {
                folders = files.filter(file -> file.toString().endsWith(".json")).sorted()
                        .map(RandomFamilies::write).toList();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folders;
    }

    private static Path write(Path file) {
        try {
            var family = JSON.readTree(file.toFile());
            var folder = WRITTEN.resolve(file.getFileName().toString().replaceFirst("\\.json$", ""));
            Files.createDirectories(folder);
            JSON.writeValue(folder.resolve("config.json").toFile(), family.get("config"));
            JSON.writeValue(folder.resolve("reference.json").toFile(), family);
            Files.write(folder.resolve("model.safetensors"), safetensors(family));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("writing the family of " + file, e);
        }
    }

    private static byte[] safetensors(JsonNode family) {
        var tensors = new TreeMap<String, JsonNode>();
        family.get("tensors").properties().forEach(entry -> tensors.put(entry.getKey(), entry.getValue()));
        var header = JSON.createObjectNode();
        var parts = new ArrayList<byte[]>();
        long end = 0;
        for (var tensor : tensors.entrySet()) {
            byte[] part = weights(family.get("seed").longValue(), parts.size(), tensor.getValue());
            describe(header.putObject(tensor.getKey()), tensor.getValue().get("shape"), end, end + part.length);
            parts.add(part);
            end += part.length;
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        var file = ByteBuffer.allocate(Math.toIntExact(8 + json.length + end)).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json);
        parts.forEach(file::put);
        return file.array();
    }

    private static void describe(ObjectNode tensor, JsonNode shape, long from, long end) {
        tensor.put("dtype", "F32").set("shape", shape);
        tensor.putArray("data_offsets").add(from).add(end);
    }

    /// Uniform numbers around a mean. The number at i depends on the seed, the index of the tensor and i alone.
    private static byte[] weights(long seed, int index, JsonNode tensor) {
        int count = 1;
        for (var length : tensor.get("shape")) {
            count *= length.intValue();
        }
        double mean = tensor.get("mean").doubleValue();
        double spread = tensor.get("spread").doubleValue();
        long key = mixed((seed << 32) + index);
        var bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long i = 1; i <= count; i++) {
            double unit = (mixed(key + i * GOLDEN) >>> 11) * 0x1p-52 - 1;
            bytes.putFloat((float) (mean + spread * unit));
        }
        return bytes.array();
    }

    /// The output function of SplitMix64 (Steele, Lea, Flood 2014).
    private static long mixed(long state) {
        long first = (state ^ state >>> 30) * 0xBF58476D1CE4E5B9L;
        long second = (first ^ first >>> 27) * 0x94D049BB133111EBL;
        return second ^ second >>> 31;
    }
}
