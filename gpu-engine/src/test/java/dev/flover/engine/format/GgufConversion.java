package dev.flover.engine.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/// Writes a Hugging Face folder as GGUF the way llama.cpp's converters do, so that the same weights test both readers.
///
/// What those converters change on the way: Llama's query and key rows are permuted to adjacent pairs, Gemma's norm
/// weights get their one, GPT-2's matrices are turned round, GPT-NeoX's fused heads are sorted, and Llama 3's stretched
/// frequencies become a tensor of divisors.
public final class GgufConversion {
    private final JsonNode config;
    private final Family family;
    private final ModelConfig shape;
    private final SafetensorsFolder tensors;
    private final String prefix;

    private GgufConversion(Path folder, Arena arena) throws IOException {
        config = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
        family = Families.ofModelType(folder, config.get("model_type").textValue());
        tensors = SafetensorsFolder.open(folder, arena);
        String embedding = family.tensors().name(TensorRole.EMBEDDING, 0).orElseThrow() + ".weight";
        prefix = family.tensors().prefixes().stream()
                .filter(each -> tensors.tensorNames().contains(each + embedding)).findFirst().orElseThrow();
        try (var model = ModelLoader.open(folder)) {
            shape = model.config();
        }
    }

    public static Path convert(Path folder, Path target) throws IOException {
        try (var arena = Arena.ofConfined()) {
            return new GgufConversion(folder, arena).writer().write(target);
        }
    }

    private GgufWriter writer() {
        String architecture = family.architectures().getFirst();
        var writer = new GgufWriter().put("general.architecture", architecture);
        addMetadata(writer, architecture + ".");
        for (var role : TensorRole.values()) {
            boolean perLayer = role.compareTo(TensorRole.ATTENTION_NORM) >= 0;
            for (int layer = 0; layer < (perLayer ? shape.layers().size() : 1); layer++) {
                addTensor(writer, role, layer);
            }
        }
        return writer;
    }

    private void addMetadata(GgufWriter writer, String of) {
        writer.put(of + "context_length", shape.contextLength())
                .put(of + "embedding_length", shape.hidden())
                .put(of + "block_count", shape.layers().size())
                .put(of + "feed_forward_length", shape.feedForward())
                .put(of + "attention.head_count", shape.heads())
                .put(of + "attention.head_count_kv", shape.kvHeads())
                .put(of + (shape.normKind() == ModelConfig.NormKind.RMS
                        ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"), shape.normEpsilon());
        if (shape.headDim() != shape.hidden() / shape.heads()) {
            writer.put(of + "attention.key_length", shape.headDim())
                    .put(of + "attention.value_length", shape.headDim());
        }
        if (!family.learnsPositions()) {
            addRotary(writer, of);
        }
        if (config.hasNonNull("sliding_window")) {
            writer.put(of + "attention.sliding_window", config.get("sliding_window").intValue());
        }
        if (shape.attentionSoftCap() != 0) {
            writer.put(of + "attn_logit_softcapping", shape.attentionSoftCap())
                    .put(of + "final_logit_softcapping", shape.logitSoftCap());
        }
    }

    private void addRotary(GgufWriter writer, String of) {
        double base = config.at("/rope_parameters/rope_theta").asDouble(10_000);
        var rotary = shape.layers().getLast().rotary();
        writer.put(of + "rope.freq_base", (float) base).put(of + "rope.dimension_count", rotary.dims());
        if (config.at("/rope_parameters/rope_type").asText().equals("llama3")) {
            float[] divisors = new float[rotary.dims() / 2];
            for (int pair = 0; pair < divisors.length; pair++) {
                divisors[pair] = (float)
                        (Math.pow(base, -2.0 * pair / rotary.dims()) / rotary.frequencies().get(pair));
            }
            writer.tensor("rope_freqs.weight", TensorType.F32, divisors, divisors.length);
        }
    }

    private void addTensor(GgufWriter writer, TensorRole role, int layer) {
        var from = family.tensors().name(role, layer);
        var to = family.ggufTensors().name(role, layer);
        if (from.isEmpty() || to.isEmpty()) {
            return;
        }
        for (String kind : new String[] {".weight", ".bias"}) {
            tensors.tensor((role == TensorRole.HEAD ? "" : prefix) + from.get() + kind).ifPresent(tensor -> {
                float[] values = TensorCopies.values(tensor);
                boolean turn = kind.equals(".weight") && family.transposed().contains(role);
                int rows = turn ? tensor.columns() : tensor.rows();
                values = converted(role, turn ? turned(values, rows) : values, values.length / rows);
                if (tensor.rows() == 1) {
                    writer.tensor(to.get() + kind, TensorType.F32, values, values.length);
                } else {
                    writer.tensor(to.get() + kind, TensorType.F32, values, rows, values.length / rows);
                }
            });
        }
    }

    private float[] converted(TensorRole role, float[] values, int columns) {
        boolean permuted = family.ggufPairing() == Pairing.ADJACENT && family.folderPairing() == Pairing.HALVES;
        if (permuted && (role == TensorRole.QUERY || role == TensorRole.KEY)) {
            return adjacent(values, columns);
        }
        if (role == TensorRole.QUERY_KEY_VALUE && family.interleavedHeads()) {
            return sorted(values);
        }
        if (role.isNorm() && family.normOffset() != 0) {
            float[] moved = values.clone();
            for (int i = 0; i < moved.length; i++) {
                moved[i] += family.normOffset();
            }
            return moved;
        }
        return values;
    }

    private static float[] turned(float[] values, int rows) {
        int columns = values.length / rows;
        float[] turned = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            turned[i % rows * columns + i / rows] = values[i];
        }
        return turned;
    }

    /// Rows i and i + headDim / 2 of each head become rows 2i and 2i + 1.
    private float[] adjacent(float[] values, int columns) {
        int half = shape.headDim() / 2;
        float[] permuted = new float[values.length];
        for (int row = 0; row < values.length / columns; row++) {
            int head = row / shape.headDim();
            int within = row % shape.headDim();
            int to = head * shape.headDim() + within % half * 2 + within / half;
            System.arraycopy(values, row * columns, permuted, to * columns, columns);
        }
        return permuted;
    }

    /// [head][query, key, value] becomes [query, key, value][head].
    private float[] sorted(float[] values) {
        int piece = values.length / (3 * shape.heads());
        float[] sorted = new float[values.length];
        for (int head = 0; head < shape.heads(); head++) {
            for (int part = 0; part < 3; part++) {
                System.arraycopy(
                        values, (head * 3 + part) * piece, sorted, (part * shape.heads() + head) * piece, piece);
            }
        }
        return sorted;
    }
}
