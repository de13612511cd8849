package dev.flover.engine.backend.cpu.kernels;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SlabsTest {
    private static final long MIB = 1 << 20;

    @Test
    void piecesAreZeroedAlignedAndTheirOwn() {
        assumeTrue(hasLibrary(), "the build had no C compiler");
        var random = new Random(7);
        try (var arena = Arena.ofConfined()) {
            var slabs = new Slabs(NativeLibrary.open(), arena);
            var pieces = new ArrayList<MemorySegment>();
            for (long bytes : new long[] {1, 64, 65, 31 * MIB, 40 * MIB, 31 * MIB, 3, 31 * MIB, 200 * MIB, 5}) {
                var piece = slabs.allocate(bytes);
                assertThat(piece.byteSize()).isEqualTo(bytes);
                assertThat(piece.address() % 64).isZero();
                for (int i = 0; i < 100; i++) {
                    assertThat(piece.get(JAVA_BYTE, random.nextLong(bytes))).isZero();
                }
                pieces.add(piece);
                mark(piece, (byte) pieces.size());
            }
            for (int i = 0; i < pieces.size(); i++) {
                assertThat(pieces.get(i).get(JAVA_BYTE, 0)).isEqualTo((byte) (i + 1));
                assertThat(pieces.get(i).get(JAVA_BYTE, pieces.get(i).byteSize() - 1)).isEqualTo((byte) (i + 1));
            }
        }
    }

    @Test
    void aMappingBeginsWithAHugePage() {
        assumeTrue(hasLibrary(), "the build had no C compiler");
        assumeTrue(System.getProperty("os.name").equals("Linux"), "huge pages are asked for on Linux");
        try (var arena = Arena.ofConfined()) {
            for (long bytes : new long[] {1, 2 * MIB, 2 * MIB + 1, 70 * MIB}) {
                var mapping = NativeLibrary.open().map(bytes, arena);
                mark(mapping, (byte) 1);
                assertThat(mapping.address() % (2 * MIB)).isZero();
            }
        }
    }

    private static void mark(MemorySegment piece, byte value) {
        piece.set(JAVA_BYTE, 0, value);
        piece.set(JAVA_BYTE, piece.byteSize() - 1, value);
    }

    private static boolean hasLibrary() {
        try {
            NativeLibrary.open();
            return true;
        } catch (LinkageError e) {
            return false;
        }
    }
}
