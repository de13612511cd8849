package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Model files are untrusted: whatever the bytes of a file, it is either opened or refused with an error of one
/// sentence.
class ModelFileFuzzTest {
    private static final int CASES = 1200;
    private static final long SEED = 20_251_122;
    private static final long[] TELLING = {
        0, 1, -1, 2, 7, 31, 32, 127, 128, 255, 256, 65_535, 1L << 20, Integer.MAX_VALUE, Integer.MIN_VALUE,
        0xFFFF_FFFFL, 1L << 32, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE - 31, 1L << 61
    };

    private static final TinyLlama MODEL = TinyLlamaBuilder.builder().hidden(32).layers(1).heads(2).kvHeads(1)
            .feedForward(32).context(64).type(TensorType.Q8_0).seed(1).build();

    @TempDir
    Path folder;

    @Test
    void mutatedGgufFilesOpenOrAreRefused() throws IOException {
        refusesMutationsOf(MODEL.withoutTokenizer().bytes(), 1500, CASES);
    }

    @Test
    void mutatedGgufVocabulariesOpenOrAreRefused() throws IOException {
        refusesMutationsOf(MODEL.writer().bytes(), 6000, CASES / 6);
    }

    /// @param header the number of leading bytes that most of the mutations are limited to
    private void refusesMutationsOf(byte[] valid, int header, int cases) throws IOException {
        int refused = 0;
        for (int i = 0; i < cases; i++) {
            var random = new Random(SEED + i);
            byte[] mutated = mutate(random, valid, random.nextInt(8) == 0 ? valid.length : header);
            refused += opensOrIsRefused(Files.write(folder.resolve("mutated.gguf"), mutated), SEED + i);
        }
        assertThat(refused).as("mutations that were refused").isBetween(cases / 4, cases - 1);
    }

    @Test
    void mutatedSafetensorsFilesOpenOrAreRefused() throws IOException {
        TinyFolder.write(folder);
        var file = folder.resolve("model.safetensors");
        byte[] valid = Files.readAllBytes(file);
        int refused = 0;
        for (int i = 0; i < CASES; i++) {
            var random = new Random(SEED + i);
            Files.write(file, mutate(random, valid, Math.min(valid.length, 2400)));
            refused += opensOrIsRefused(folder, SEED + i);
        }
        assertThat(refused).as("mutations that were refused").isBetween(CASES / 4, CASES);
    }

    @Test
    void mutatedConfigurationsOpenOrAreRefused() throws IOException {
        TinyFolder.write(folder);
        var file = folder.resolve("config.json");
        int refused = 0;
        for (int i = 0; i < CASES; i++) {
            var random = new Random(SEED + i);
            Files.write(file, mutateText(random, TinyFolder.CONFIG));
            refused += opensOrIsRefused(folder, SEED + i);
        }
        assertThat(refused).as("mutations that were refused").isBetween(CASES / 4, CASES - 1);
    }

    /// @return 1 if the file is refused, 0 if it is opened
    private static int opensOrIsRefused(Path path, long seed) {
        try (var model = ModelLoader.open(path)) {
            assertThat(model.config().hidden()).isPositive();
            return 0;
        } catch (ModelFileException e) {
            assertThat(e.getMessage()).as("seed " + seed).hasSizeBetween(20, 2000).doesNotEndWith("null");
            return 1;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + " is neither opened nor refused", e);
        }
    }

    private static byte[] mutate(Random random, byte[] valid, int within) {
        byte[] mutated = valid.clone();
        for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
            int at = random.nextInt(within);
            switch (random.nextInt(5)) {
                case 0 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutated[at] = (byte) random.nextInt();
                case 2 -> putLittleEndian(mutated, at, TELLING[random.nextInt(TELLING.length)], 8);
                case 3 -> putLittleEndian(mutated, at, TELLING[random.nextInt(TELLING.length)], 4);
                default -> copyWithin(mutated, random.nextInt(within), at, random.nextInt(16));
            }
        }
        return random.nextInt(10) == 0 ? Arrays.copyOf(mutated, random.nextInt(mutated.length)) : mutated;
    }

    private static void copyWithin(byte[] bytes, int from, int to, int length) {
        System.arraycopy(bytes, from, bytes, to, Math.min(length, bytes.length - Math.max(from, to)));
    }

    private static void putLittleEndian(byte[] bytes, int at, long value, int width) {
        for (int i = 0; i < width && at + i < bytes.length; i++) {
            bytes[at + i] = (byte) (value >>> 8 * i);
        }
    }

    /// Replaces numbers and literals as well as single bytes, so that most of the results are still JSON.
    private static byte[] mutateText(Random random, String valid) {
        String[] values = {"null", "-1", "0", "1e308", "2147483647", "9223372036854775808", "3", "true", "\"x\"", "[]",
            "{}", "[[[[]]]]", "0.5", "-0.0", "NaN", "[1, 2]", "1e-400", "\"full_attention\""};
        String[] pieces = valid.split("(?<=: )|(?=[,}\\n])");
        for (int edits = 1 + random.nextInt(2); edits > 0; edits--) {
            int piece = 1 + random.nextInt(pieces.length - 1);
            if (pieces[piece - 1].endsWith(": ") || random.nextInt(8) == 0) {
                pieces[piece] = values[random.nextInt(values.length)];
            }
        }
        byte[] text = String.join("", pieces).getBytes(StandardCharsets.UTF_8);
        return random.nextInt(10) == 0 ? mutate(random, text, text.length) : text;
    }
}
