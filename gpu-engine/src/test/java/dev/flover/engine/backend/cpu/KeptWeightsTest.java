package dev.flover.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.flover.engine.backend.WeightFolder;
import dev.flover.engine.backend.cpu.PackedWeight.BlockPart;
import dev.flover.engine.backend.cpu.PackedWeight.FloatPart;
import dev.flover.engine.backend.cpu.kernels.VectorKernels;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.Matrix.Role;
import dev.flover.engine.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeptWeightsTest {
    private static final String MODEL = "00112233445566aa";
    private static final long SMALL = 1000;
    private static final List<Matrix> MATRICES = Arrays.stream(TensorType.values())
            .map(type -> Matrix.of(Role.DOWN, RandomTensor.of(type, 512, 37)).withShards(2)).toList();

    @TempDir
    private Path temporary;

    private Path folder() {
        return temporary.resolve("not/yet/there");
    }

    private Path file() {
        return folder().resolve(MODEL + ".v" + Packer.VERSION + ".packed");
    }

    /// The weights of a started backend, and the sentence that describes where they came from.
    private record Start(List<ByteBuffer> weights, String words) {
        boolean isMapped() {
            return words.startsWith("mapped from ");
        }
    }

    private Start start() {
        return start(new WeightFolder(folder(), MODEL, SMALL, 0, 1));
    }

    private static Start start(WeightFolder folder) {
        try (var arena = Arena.ofShared();
                var workers = new Workers(2, "test");
                var kept = KeptWeights.open(folder, workers, arena, 0)) {
            return load(kept, workers, arena);
        }
    }

    private static Start load(KeptWeights kept, Workers workers, Arena arena) {
        var packer = new Packer(workers, new VectorKernels(), arena);
        var weights = new ArrayList<PackedWeight>();
        for (var matrix : MATRICES) {
            weights.add(kept.weight(matrix, packer, new VectorKernels(), arena));
        }
        kept.complete();
        return new Start(weights.stream().map(KeptWeightsTest::bytes).toList(), kept.describe());
    }

    static ByteBuffer bytes(PackedWeight weight) {
        var all = new ByteArrayOutputStream();
        for (var part : weight.parts()) {
            var arrays = switch (part) {
                case BlockPart blocks -> List.of(blocks.quants(), blocks.scales(), blocks.minimums());
                case FloatPart floats -> List.of(floats.weights());
            };
            for (MemorySegment array : arrays) {
                all.writeBytes(array.toArray(ValueLayout.JAVA_BYTE));
            }
        }
        return ByteBuffer.wrap(all.toByteArray());
    }

    private static List<ByteBuffer> packedInMemory() {
        try (var arena = Arena.ofShared(); var workers = new Workers(1, "test")) {
            var packer = new Packer(workers, new VectorKernels(), arena);
            return MATRICES.stream().map(matrix -> bytes(packer.pack(matrix, arena))).toList();
        }
    }

    @Test
    void weightsArePackedOnceAndThenMapped() throws IOException {
        var expected = packedInMemory();

        var first = start();
        assertThat(first.words()).startsWith("packed now, and kept in " + file());
        assertThat(first.weights()).isEqualTo(expected);

        var second = start();
        assertThat(second.words()).startsWith("mapped from " + file());
        assertThat(second.weights()).isEqualTo(expected);

        try (Stream<Path> files = Files.list(folder())) {
            assertThat(files).containsExactlyInAnyOrder(file(), Path.of(file() + ".lock"));
        }
    }

    @Test
    void modelsAndRanksHaveFilesOfTheirOwn() {
        assertThat(start().isMapped()).isFalse();
        assertThat(start(new WeightFolder(folder(), "0123", SMALL, 0, 1)).isMapped()).isFalse();
        assertThat(start(new WeightFolder(folder(), MODEL, SMALL, 0, 1).ofRank(1, 2)).isMapped()).isFalse();
        assertThat(start(new WeightFolder(folder(), MODEL, SMALL, 0, 1).ofRank(1, 2)).isMapped()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> new WeightFolder(folder(), "../x", SMALL, 0, 1))
                .withMessageContaining("hexadecimal");
    }

    @ParameterizedTest
    @CsvSource({"10000, checksum of its bytes from 0", "20, header is damaged", "-10, checksum of its index"})
    void aFileWithAWrongByteIsReplaced(long at, String reason) throws IOException {
        var expected = start().weights();
        try (var damaged = new RandomAccessFile(file().toFile(), "rw")) {
            damaged.seek(at < 0 ? damaged.length() + at : at);
            int found = damaged.read();
            damaged.seek(at < 0 ? damaged.length() + at : at);
            damaged.write(found ^ 4);
        }
        assertReplaced(expected, reason);
    }

    @Test
    void aHalfWrittenFileIsReplaced() throws IOException {
        var expected = start().weights();
        byte[] whole = Files.readAllBytes(file());
        Files.write(file(), Arrays.copyOf(whole, whole.length / 2));
        assertReplaced(expected, "bytes; expected " + whole.length);
        Files.write(file(), Arrays.copyOf(whole, 100));
        assertReplaced(expected, "less than its header");
        Files.write(file(), new byte[whole.length]);
        assertReplaced(expected, "not written to the disk");
        Files.write(file(), new byte[0]);
        assertReplaced(expected, "not written to the disk");
    }

    @Test
    void aFileOfAnotherModelIsReplaced() throws IOException {
        var expected = start(new WeightFolder(folder(), "0123", SMALL, 0, 1)).weights();
        Files.move(folder().resolve("0123.v" + Packer.VERSION + ".packed"), file());
        assertReplaced(expected, "it belongs to 0123, not to " + MODEL);
    }

    private void assertReplaced(List<ByteBuffer> expected, String reason) {
        var again = start();
        assertThat(again.words()).startsWith("packed now, and kept in " + file()).contains("replaced, because ")
                .contains(reason);
        assertThat(again.weights()).isEqualTo(expected);
        assertThat(start().isMapped()).isTrue();
    }

    @Test
    void whatIsNotAFileOfWeightsIsRefused() throws IOException {
        Files.createDirectories(folder());
        Files.writeString(file(), "somebody's notes");
        assertThatIllegalArgumentException().isThrownBy(this::start).withMessage(
                file() + " is not a file of packed weights; remove it, or choose another folder");
        assertThat(file()).hasContent("somebody's notes");

        var place = new WeightFolder(file(), MODEL, SMALL, 0, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> start(place))
                .withMessage(file() + " is not a folder; expected one for packed weights");
    }

    @Test
    void withoutAPlaceToWriteWeightsArePackedIntoMemory() throws IOException {
        var full = start(new WeightFolder(folder(), MODEL, Long.MAX_VALUE / 4, 0, 1));
        assertThat(full.words()).startsWith("packed now, and not kept, because " + file() + ": the weights take ")
                .endsWith(" are free");
        Files.delete(Path.of(file() + ".lock"));
        Files.createDirectory(Path.of(file() + ".lock")); // as a folder that cannot be written to: it has no lock
        var readOnly = start();
        assertThat(readOnly.words()).startsWith("packed now, and not kept, because " + file() + ".lock: ");
        for (var start : List.of(full, readOnly)) {
            assertThat(start.weights()).isEqualTo(packedInMemory());
        }
        assertThat(file()).doesNotExist();
    }

    /// An interrupt fails the write as a full disk does.
    @Test
    void afterAWriteThatFailsTheOtherWeightsArePackedIntoMemory() throws IOException {
        try (var arena = Arena.ofShared();
                var workers = new Workers(1, "test");
                var kept = KeptWeights.open(
                        new WeightFolder(folder(), MODEL, SMALL, 0, 1), workers, arena, 0)) {
            var packer = new Packer(workers, new VectorKernels(), arena);
            var before = kept.weight(MATRICES.getFirst(), packer, new VectorKernels(), arena);
            Thread.currentThread().interrupt();
            var failed = kept.weight(MATRICES.getLast(), packer, new VectorKernels(), arena);
            assertThat(Thread.interrupted()).isTrue();
            kept.complete();

            assertThat(kept.describe()).startsWith("packed now, and not kept, because " + file() + ": ");
            assertThat(bytes(before)).isEqualTo(packedInMemory().getFirst());
            assertThat(bytes(failed)).isEqualTo(packedInMemory().getLast());
        }
        try (Stream<Path> files = Files.list(folder())) {
            assertThat(files).containsExactly(Path.of(file() + ".lock"));
        }
    }

    @Test
    void aSecondProcessWaitsForTheFirstAndMapsItsFile() throws IOException {
        var place = new WeightFolder(folder(), MODEL, SMALL, 0, 1);
        try (var arena = Arena.ofShared();
                var workers = new Workers(1, "test");
                var first = KeptWeights.open(place, workers, arena, 0)) {
            var kernels = new VectorKernels();
            first.weight(MATRICES.getFirst(), new Packer(workers, kernels, arena), kernels, arena);
            assertThat(start().words()).as("without patience").endsWith("does not go on");
            var second = CompletableFuture.supplyAsync(() -> {
                try (var own = Arena.ofShared();
                        var others = new Workers(1, "test");
                        var kept = KeptWeights.open(place, others, own, 60_000)) {
                    return load(kept, others, own);
                }
            });
            var written = load(first, workers, arena);
            assertThat(second.join().words()).startsWith("mapped from ");
            assertThat(second.join().weights()).isEqualTo(written.weights());
        }
    }

    @Test
    void anEngineThatLoadsAfterAnotherOfItsProcessMapsTheFileOfTheFirst() {
        var place = new WeightFolder(folder(), MODEL, SMALL, 0, 1);
        try (var arena = Arena.ofShared();
                var workers = new Workers(1, "test");
                var first = KeptWeights.open(place, workers, arena, 0);
                var second = KeptWeights.open(place, workers, arena, 0)) {
            assertThat(load(first, workers, arena).isMapped()).isFalse();
            assertThat(load(second, workers, arena).isMapped()).isTrue();
        }
    }

    @Test
    void whatAKilledProcessLeftIsRemoved() throws IOException {
        Files.createDirectories(folder());
        var left = Files.writeString(Path.of(file() + ".1-2.part"), "half");
        assertThat(start().words()).startsWith("packed now, and kept in ");
        assertThat(left).doesNotExist();
    }

    /// Files that older versions wrote would be misread if the packed form changed and [Packer#VERSION] did not.
    @Test
    void theVersionChangesWithThePackedForm() throws Exception {
        var digest = MessageDigest.getInstance("SHA-256");
        packedInMemory().forEach(digest::update);
        UnaryOperator<String> remedy = found -> "the packed form has changed to " + found
                + ": increase Packer.VERSION, and set both here";
        String found = Packer.VERSION + " " + HexFormat.of().formatHex(digest.digest(), 0, 8);
        assertThat(found).as(remedy.apply(found)).isEqualTo("3 280a578f58bc2c40");
    }
}
