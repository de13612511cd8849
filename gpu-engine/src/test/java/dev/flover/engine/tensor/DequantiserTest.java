package dev.flover.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flover.engine.TestData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DequantiserTest {
    private static final int ROWS = 4;
    private static final int COLUMNS = 512;

    @ParameterizedTest
    @EnumSource
    void everyBlockTypeGivesTheBytesThatGgmlGives(TensorType type) throws IOException {
        var folder = TestData.of("quantised-blocks");
        var expected = Files.readAllBytes(folder.resolve(type + ".dequant_f32le.bin"));
        var tensor = tensor(type, Files.readAllBytes(folder.resolve(type + ".bin")));

        float[] values = new float[ROWS * COLUMNS];
        Dequantiser.toFloats(tensor, 0, values, 0, values.length);

        assertThat(bytes(values)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void aPieceIsWhatTheWholeHasThere(TensorType type) {
        var random = new Random(type.ordinal());
        byte[] stored = new byte[(int) (ROWS * type.rowBytes(COLUMNS))];
        random.nextBytes(stored);
        var tensor = tensor(type, stored);
        float[] whole = new float[ROWS * COLUMNS];
        Dequantiser.toFloats(tensor, 0, whole, 0, whole.length);

        float[] piece = new float[256 + 3];
        Dequantiser.toFloats(tensor, COLUMNS + 256, piece, 3, 256);

        assertThat(bytes(Arrays.copyOfRange(piece, 3, piece.length)))
                .isEqualTo(bytes(Arrays.copyOfRange(whole, COLUMNS + 256, COLUMNS + 512)));
    }

    @Test
    void aPieceOfABlockIsRefused() {
        var tensor = tensor(TensorType.Q8_0, new byte[(int) (ROWS * TensorType.Q8_0.rowBytes(COLUMNS))]);

        assertThatThrownBy(() -> Dequantiser.toFloats(tensor, 16, new float[32], 0, 32))
                .hasMessageContaining("whole blocks of 32");
    }

    private static StoredTensor tensor(TensorType type, byte[] stored) {
        return new StoredTensor("t", type, ROWS, COLUMNS, MemorySegment.ofArray(stored));
    }

    private static byte[] bytes(float[] values) {
        var buffer = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        return buffer.array();
    }
}
