package dev.flover.engine.backend.cpu.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flover.engine.backend.cpu.RandomTensor;
import dev.flover.engine.backend.cpu.kernels.BlockForm.ScaleForm;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.TensorType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class StoredBlocksTest {
    private static final int COLUMNS = 512;
    private static final int LANE = 11;

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = {"F32", "F16", "BF16"})
    void takenApartAndPutTogetherABlockIsWhatTheDequantiserSays(TensorType type) {
        var tensor = RandomTensor.of(type, COLUMNS, 3);
        var expected = new float[3 * COLUMNS];
        Dequantiser.toFloats(tensor, 0, expected, 0, expected.length);
        var block = new StoredBlocks(type);
        var form = BlockForm.of(type);
        var record = new int[form.recordBytes() / 4];
        for (int row = 0; row < 3; row++) {
            for (int index = 0; index < COLUMNS / 32; index++) {
                long at = row * tensor.rowBytes() + (long) (index / form.span) * type.blockBytes();
                block.stage(tensor.data(), at, 1, LANE);
                block.takeApart(0, record);
                for (int i = 0; i < 32; i++) {
                    assertThat(weight(form, block, record, index % form.span, i))
                            .as(type + " element " + i + " of block " + index)
                            .isEqualTo(expected[row * COLUMNS + 32 * index + i]);
                }
            }
        }
    }

    private static float weight(BlockForm form, StoredBlocks stored, int[] record, int block, int i) {
        int group = i / form.group;
        float scale = form.scale == ScaleForm.POWER
                ? Math.scalb(1f, stored.scales[LANE] - 128) : Float.float16ToFloat(stored.scales[LANE]);
        float minimum = form.minimums ? Float.float16ToFloat(stored.minimums[LANE]) : 0;
        int code = bits(record, 64 * form.low * block, form.low, i);
        if (form.high > 0) {
            code |= bits(record, form.highPlane() + 64 * form.high * block, form.high, i) << form.low;
        }
        return scale * factor(form, record, block, group, 0) * form.number(code)
                + minimum * factor(form, record, block, group, 1);
    }

    private static int bits(int[] record, int plane, int bits, int i) {
        int register = i / 4 % bits;
        int word = record[plane / 4 + 16 * register + LANE];
        return word >>> i % 4 * 8 + i / 4 - register & (1 << bits) - 1;
    }

    private static int factor(BlockForm form, int[] record, int block, int group, int kind) {
        int at = form.factors(block, group, kind) + LANE;
        return switch (form.scale) {
            case HALF, POWER -> 1;
            case FACTOR -> kind == 1 && !form.minimums ? 0 : (byte) (record[at / 4] >>> at % 4 * 8);
            case NIBBLE -> record[at / 4] >>> at % 4 * 8 + 4 * kind & 15;
        };
    }
}
