package dev.flover.engine.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.RandomFamilies;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.format.SafetensorsFolder;
import dev.flover.engine.tensor.Dequantiser;
import dev.flover.engine.tensor.Matrix;
import dev.flover.engine.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A gpt-oss folder whose experts are stored as blocks of 4-bit floats, as the published ones are.
class FourBitFolderTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EXPERTS = 4;
    private static final int WIDTH = 64;
    private static final double[] FLOATS = {0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6};

    private final byte[] gateUp = random(1, EXPERTS * 2 * WIDTH * WIDTH / 2);
    private final byte[] gateUpScales = exponents(2, EXPERTS * 2 * WIDTH * WIDTH / 32);
    private final byte[] down = random(3, EXPERTS * WIDTH * WIDTH / 2);
    private final byte[] downScales = exponents(4, EXPERTS * WIDTH * WIDTH / 32);

    private final ObjectNode header = JSON.createObjectNode();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private Path source;

    @TempDir
    private Path folder;

    @BeforeEach
    void theFamily() {
        source = RandomFamilies.folders().stream().filter(each -> each.endsWith("gpt_oss")).findFirst().orElseThrow();
    }

    @Test
    void eachWeightIsTheFloatTimesThePowerOfTwoOfItsBlock() throws IOException {
        write(gateUpScales, "mxfp4");

        try (var model = ModelLoader.open(folder)) {
            var experts = model.weights().layers().get(1).experts();
            for (int expert = 0; expert < EXPERTS; expert++) {
                float[] in = values(experts.in().get(expert));
                float[] out = values(experts.out().get(expert));
                for (int i = 0; i < 2 * WIDTH * WIDTH; i++) {
                    int row = i / WIDTH;    // gate rows, then up rows; the file alternates them
                    int stored = row < WIDTH ? 2 * row : 2 * (row - WIDTH) + 1;
                    int at = (expert * 2 * WIDTH + stored) * WIDTH + i % WIDTH;
                    assertThat(in[i]).as("expert %d, element %d", expert, i).isEqualTo(
                            element(gateUp, gateUpScales, at));
                }
                for (int i = 0; i < WIDTH * WIDTH; i++) {
                    assertThat(out[i]).isEqualTo(element(down, downScales, expert * WIDTH * WIDTH + i));
                }
            }
        }
        assertThat(ModelLoader.inspect(folder, 0).tensors()).containsKey(TensorType.MXFP4);
    }

    @Test
    void scalesOfTheWrongSizeAreRefused() throws IOException {
        write(new byte[17], "mxfp4");

        assertThatThrownBy(() -> ModelLoader.open(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("gate_up_proj_scales 17 bytes; 1024 expected");
    }

    @Test
    void otherMethodsAreRefusedByName() throws IOException {
        write(gateUpScales, "fp8");

        assertThatThrownBy(() -> ModelLoader.open(folder)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("holds weights quantised by fp8");
    }

    private static float element(byte[] blocks, byte[] exponents, int at) {
        int nibble = blocks[at / 2] >> at % 2 * 4 & 15;
        return (float) (FLOATS[nibble] * Math.pow(2, (exponents[at / 32] & 0xFF) - 127));
    }

    private static float[] values(Matrix matrix) {
        float[] values = new float[matrix.outputs() * matrix.inputs()];
        int at = 0;
        for (var range : matrix.ranges()) {
            int count = range.rows() * matrix.inputs();
            Dequantiser.toFloats(range.tensor(), (long) range.firstRow() * matrix.inputs(), values, at, count);
            at += count;
        }
        return values;
    }

    /// The family's folder, with the experts of every layer replaced.
    private void write(byte[] scalesOfGateUp, String method) throws IOException {
        var config = (ObjectNode) JSON.readTree(source.resolve("config.json").toFile());
        config.putObject("quantization_config").put("quant_method", method);
        JSON.writeValue(folder.resolve("config.json").toFile(), config);
        try (var arena = Arena.ofConfined()) {
            var tensors = SafetensorsFolder.open(source, arena);
            for (String name : tensors.tensorNames()) {
                if (name.endsWith("experts.gate_up_proj")) {
                    add(name + "_blocks", "U8", gateUp, EXPERTS, 2 * WIDTH, WIDTH / 32, 16);
                    add(name + "_scales", "U8", scalesOfGateUp, scalesOfGateUp.length);
                } else if (name.endsWith("experts.down_proj")) {
                    add(name + "_blocks", "U8", down, EXPERTS, WIDTH, WIDTH / 32, 16);
                    add(name + "_scales", "U8", downScales, EXPERTS, WIDTH, WIDTH / 32);
                } else {
                    var tensor = tensors.tensor(name).orElseThrow();
                    byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
                    if (tensor.rows() == 1) {
                        add(name, "F32", bytes, tensor.columns());
                    } else {
                        add(name, "F32", bytes, tensor.rows(), tensor.columns());
                    }
                }
            }
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        Files.write(folder.resolve("model.safetensors"), ByteBuffer.allocate(8 + json.length + data.size())
                .order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json).put(data.toByteArray()).array());
    }

    private void add(String name, String type, byte[] bytes, int... shape) {
        var tensor = header.putObject(name).put("dtype", type);
        var dimensions = tensor.putArray("shape");
        for (int length : shape) {
            dimensions.add(length);
        }
        tensor.putArray("data_offsets").add(data.size()).add(data.size() + bytes.length);
        data.writeBytes(bytes);
    }

    private static byte[] random(long seed, int count) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] exponents(long seed, int count) {
        byte[] bytes = random(seed, count);
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (110 + (bytes[i] & 15));
        }
        return bytes;
    }
}
