package dev.flover.engine.loading;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.engine.format.SafetensorsFolder;
import dev.flover.engine.loading.families.Families;
import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorNames;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.model.ModelConfig;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import dev.flover.engine.tensor.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/// Writes a Hugging Face folder as a GGUF file as llama.cpp's converters do, so that tests can load the same weights
/// with both readers.
///
/// The converters make these changes: they permute Llama's query and key rows to adjacent pairs, add 1 to Gemma's norm
/// weights, transpose GPT-2's matrices, sort GPT-NeoX's fused heads, and write Llama 3's stretched frequencies as a
/// tensor of divisors.
public final class GgufConversion {
    private final JsonNode config;
    private final Family family;
    private final ModelConfig shape;
    private final SafetensorsFolder tensors;
    private final double logitScale;
    private final String prefix;

    private GgufConversion(Path folder, Arena arena) throws IOException {
        config = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
        family = Families.ofModelType(folder, config.get("model_type").textValue());
        tensors = SafetensorsFolder.open(folder, arena);
        String embedding = family.tensors().name(TensorRole.EMBEDDING, 0).orElseThrow() + ".weight";
        prefix = family.tensors().prefixes().stream()
                .filter(each -> tensors.tensorNames().contains(each + embedding)).findFirst().orElseThrow();
        double scale = config.path("logit_scale").asDouble(config.path("logits_scaling").asDouble(1));
        logitScale = scale == 1 && family.configDefaults().contains("\"logit_scale\"") ? 0.0625 : scale;
        try (var model = ModelLoader.open(folder)) {
            shape = model.config();
        }
    }

    /// Whether a folder holds a model of a supported family.
    public static boolean isKnown(Path folder) {
        return Files.exists(folder.resolve("reference.json")) && familyOf(folder).isPresent();
    }

    /// Whether llama.cpp supports the folder's family.
    public static boolean exists(Path folder) {
        return !familyOf(folder).orElseThrow().architectures().isEmpty();
    }

    private static Optional<Family> familyOf(Path folder) {
        try {
            String type = new ObjectMapper().readTree(folder.resolve("config.json").toFile())
                    .get("model_type").textValue();
            return Families.ALL.stream().filter(family -> family.modelTypes().contains(type)).findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Path convert(Path folder, Path target) throws IOException {
        try (var arena = Arena.ofConfined()) {
            return new GgufConversion(folder, arena).writer().write(target);
        }
    }

    /// The GGUF file of the folder, to be changed before it is written.
    static GgufWriter writer(Path folder) throws IOException {
        try (var arena = Arena.ofConfined()) {
            return new GgufConversion(folder, arena).writer();
        }
    }

    /// Writes the folder as a GGUF file that llama.cpp loads, too: llama.cpp expects a vocabulary with a spelling for
    /// each row of the embedding. The spellings have no meaning, and all special tokens are one id, which the caller
    /// does not use.
    ///
    /// @param unused an id that is neither in prompts nor drawn
    public static Path convertWithVocabulary(Path folder, Path target, int unused) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var conversion = new GgufConversion(folder, arena);
            int rows = conversion.shape.vocabulary();
            var types = new int[rows];
            Arrays.fill(types, 1);
            return conversion.writer()
                    .put("tokenizer.ggml.model", "llama")
                    .put("tokenizer.ggml.pre", "default")
                    .put("tokenizer.ggml.tokens", IntStream.range(0, rows).mapToObj(id -> "t" + id + ".").toList())
                    .put("tokenizer.ggml.scores", new float[rows])
                    .put("tokenizer.ggml.token_type", types)
                    .put("tokenizer.ggml.bos_token_id", unused)
                    .put("tokenizer.ggml.eos_token_id", unused)
                    .put("tokenizer.ggml.unknown_token_id", unused)
                    .put("tokenizer.ggml.padding_token_id", unused)
                    .put("tokenizer.ggml.add_bos_token", false)
                    .put("tokenizer.ggml.add_eos_token", false)
                    .write(target);
        }
    }

    private GgufWriter writer() {
        String architecture = family.architectures().getFirst();
        var writer = new GgufWriter().put("general.architecture", architecture);
        addMetadata(writer, architecture + ".");
        for (var role : TensorRole.values()) {
            boolean perLayer = role.compareTo(TensorRole.ATTENTION_NORM) >= 0;
            for (int layer = 0; layer < (perLayer ? shape.layers().size() : 1); layer++) {
                if (!role.name().startsWith("EXPERT_") && role != TensorRole.KEY_VALUE_UP) {
                    addTensor(writer, role, layer);
                }
            }
        }
        for (int layer = 0; shape.routing() != null && layer < shape.layers().size(); layer++) {
            addExperts(writer, layer);
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
                        ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"), epsilon());
        addMultipliers(writer, of);
        addRouting(writer, of);
        addWindows(writer, of);
        if (shape.latent() != null) {
            addLatent(writer, of);
        } else if (shape.headDim() != shape.hidden() / shape.heads()) {
            writer.put(of + "attention.key_length", shape.headDim())
                    .put(of + "attention.value_length", shape.headDim());
        }
        if (!family.learnsPositions()) {
            addRotary(writer, of);
        }
        if (shape.attentionSoftCap() != 0) {
            writer.put(of + "attn_logit_softcapping", shape.attentionSoftCap())
                    .put(of + "final_logit_softcapping", shape.logitSoftCap());
        }
    }

    private void addLatent(GgufWriter writer, String of) {
        var latent = shape.latent();
        writer.put(of + "attention.key_length", shape.headDim())
                .put(of + "attention.value_length", latent.rank())
                .put(of + "attention.key_length_mla", latent.plain() + latent.turned())
                .put(of + "attention.value_length_mla", latent.valueDim())
                .put(of + "attention.kv_lora_rank", latent.rank());
        if (latent.queryRank() > 0) {
            writer.put(of + "attention.q_lora_rank", latent.queryRank());
        }
        for (int layer = 0; layer < shape.layers().size(); layer++) {
            addKeysAndValues(writer, layer);
        }
    }

    /// Divides the tensor of all heads' key and value matrices into the transposed key matrices and the value matrices.
    private void addKeysAndValues(GgufWriter writer, int layer) {
        var latent = shape.latent();
        int both = latent.plain() + latent.valueDim();
        String name = prefix + family.tensors().name(TensorRole.KEY_VALUE_UP, layer).orElseThrow() + ".weight";
        float[] all = TensorCopies.values(tensors.tensor(name).orElseThrow());
        var keys = new ArrayList<float[]>();
        var values = new ArrayList<float[]>();
        for (int head = 0; head < shape.heads(); head++) {
            int first = head * both * latent.rank();
            int between = first + latent.plain() * latent.rank();
            keys.add(turned(Arrays.copyOfRange(all, first, between), latent.rank()));
            values.add(Arrays.copyOfRange(all, between, first + both * latent.rank()));
        }
        writer.tensor(family.ggufTensors().name(TensorRole.KEY_UP, layer).orElseThrow() + ".weight", TensorType.F32,
                joined(keys), shape.heads(), latent.rank(), latent.plain());
        writer.tensor(family.ggufTensors().name(TensorRole.VALUE_UP, layer).orElseThrow() + ".weight", TensorType.F32,
                joined(values), shape.heads(), latent.valueDim(), latent.rank());
    }

    /// The epsilon of the model's file. The loader has divided it by the square of the residual multiplier.
    private float epsilon() {
        double residual = config.path("residual_multiplier").asDouble(1);
        return (float) (shape.normEpsilon() * residual * residual);
    }

    private void addMultipliers(GgufWriter writer, String of) {
        for (var entry : Map.of("embedding_multiplier", "embedding_scale", "residual_multiplier", "residual_scale",
                "attention_multiplier", "attention.scale").entrySet()) {
            if (config.hasNonNull(entry.getKey())) {
                writer.put(of + entry.getValue(), (float) config.get(entry.getKey()).asDouble());
            }
        }
        if (logitScale != 1) {
            writer.put(of + "logit_scale", (float) logitScale);
        }
        if (config.hasNonNull("use_parallel_residual") || family.modelTypes().contains("stablelm")) {
            writer.put(of + "use_parallel_residual", config.path("use_parallel_residual").asBoolean(false));
        }
    }

    private void addRouting(GgufWriter writer, String of) {
        var routing = shape.routing();
        if (routing == null) {
            return;
        }
        writer.put(of + "expert_count", routing.experts())
                .put(of + "expert_used_count", routing.chosen())
                .put(of + "expert_feed_forward_length", routing.width());
        if (config.has("shared_expert_intermediate_size")) {
            writer.put(of + "expert_shared_feed_forward_length", routing.sharedWidth());
        }
        if (config.has("n_shared_experts")) {
            writer.put(of + "expert_shared_count", config.get("n_shared_experts").intValue())
                    .put(of + "leading_dense_block_count", config.path("first_k_dense_replace").asInt(0))
                    .put(of + "expert_weights_scale", routing.scale())
                    .put(of + "expert_weights_norm", routing.normalised())
                    .put(of + "expert_gating_func", routing.scoring() == ModelConfig.Routing.Scoring.SOFTMAX ? 1 : 2);
        }
        if (config.path("n_group").asInt(1) > 1) {
            writer.put(of + "expert_group_count", routing.groups())
                    .put(of + "expert_group_used_count", routing.chosenGroups());
        }
    }

    /// Concatenates the tensors of a layer's experts to tensors [experts, rows, columns].
    private void addExperts(GgufWriter writer, int layer) {
        for (var role : List.of(TensorRole.EXPERT_GATE, TensorRole.EXPERT_UP, TensorRole.EXPERT_DOWN)) {
            family.tensors().name(role, layer).ifPresent(name -> {
                var parts = new ArrayList<float[]>();
                for (int expert = 0; expert < shape.routing().experts(); expert++) {
                    String full = TensorNames.weight(prefix + name.replace("#", Integer.toString(expert)));
                    tensors.tensor(full).map(TensorCopies::values).ifPresent(parts::add);
                }
                boolean down = role == TensorRole.EXPERT_DOWN;
                int rows = down ? shape.hidden() : shape.routing().width();
                if (name.contains("#") && !parts.isEmpty()) {
                    addExpertTensor(writer, role, layer, ".weight", joined(parts), rows,
                            down ? shape.routing().width() : shape.hidden());
                } else if (!parts.isEmpty()) {
                    addExpertTensor(writer, role, layer, ".weight", upright(role, parts.getFirst(), rows), rows,
                            shape.routing().width());
                }
                tensors.tensor(TensorNames.bias(prefix + name)).ifPresent(bias -> addExpertTensor(
                        writer, role, layer, ".bias", TensorCopies.values(bias), rows, 1));
            });
        }
        family.tensors().name(TensorRole.EXPERT_GATE_UP, layer)
                .flatMap(name -> tensors.tensor(TensorNames.weight(prefix + name)))
                .ifPresent(both -> addGateAndUp(writer, layer, ".weight", inTurn(
                        upright(TensorRole.EXPERT_GATE_UP, TensorCopies.values(both), 2 * shape.routing().width()),
                        shape.hidden()), shape.hidden()));
        family.tensors().name(TensorRole.EXPERT_GATE_UP, layer)
                .flatMap(name -> tensors.tensor(TensorNames.bias(prefix + name)))
                .ifPresent(both -> addGateAndUp(writer, layer, ".bias", inTurn(TensorCopies.values(both), 1), 1));
    }

    /// The matrices of all experts, [outputs, inputs] each, of a family whose folders may store them transposed.
    private float[] upright(TensorRole role, float[] values, int outputs) {
        if (!family.transposed().contains(role)) {
            return values;
        }
        int size = values.length / shape.routing().experts();
        var parts = new ArrayList<float[]>();
        for (int at = 0; at < values.length; at += size) {
            parts.add(turned(Arrays.copyOfRange(values, at, at + size), outputs));
        }
        return joined(parts);
    }

    /// Sorts the rows of each expert, where gate and up alternate, to all of gate and then all of up.
    private float[] inTurn(float[] values, int columns) {
        if (!family.interleavedGates()) {
            return values;
        }
        int wide = shape.routing().width();
        float[] sorted = new float[values.length];
        for (int row = 0; row < values.length / columns; row++) {
            int within = row % (2 * wide);
            System.arraycopy(values, row * columns, sorted,
                    (row - within + within % 2 * wide + within / 2) * columns, columns);
        }
        return sorted;
    }

    private void addGateAndUp(GgufWriter writer, int layer, String kind, float[] values, int columns) {
        int wide = shape.routing().width() * columns;
        for (var role : List.of(TensorRole.EXPERT_GATE, TensorRole.EXPERT_UP)) {
            float[] half = new float[values.length / 2];
            for (int expert = 0; expert < shape.routing().experts(); expert++) {
                int from = (2 * expert + (role == TensorRole.EXPERT_UP ? 1 : 0)) * wide;
                System.arraycopy(values, from, half, expert * wide, wide);
            }
            addExpertTensor(writer, role, layer, kind, half, shape.routing().width(), columns);
        }
    }

    private void addExpertTensor(
            GgufWriter writer, TensorRole role, int layer, String kind, float[] values, int rows, int columns) {
        String name = family.ggufTensors().name(role, layer).orElseThrow() + kind;
        if (kind.equals(".bias")) {
            writer.tensor(name, TensorType.F32, values, shape.routing().experts(), rows);
        } else {
            writer.tensor(name, TensorType.F32, values, shape.routing().experts(), rows, columns);
        }
    }

    private static float[] joined(List<float[]> parts) {
        float[] joined = new float[parts.size() * parts.getFirst().length];
        for (int i = 0; i < parts.size(); i++) {
            System.arraycopy(parts.get(i), 0, joined, i * parts.get(i).length, parts.get(i).length);
        }
        return joined;
    }

    private void addWindows(GgufWriter writer, String of) {
        if (!config.hasNonNull("sliding_window")) {
            return;
        }
        writer.put(of + "attention.sliding_window", config.get("sliding_window").intValue());
        if (config.hasNonNull("layer_types") && !of.equals("gpt-oss.")) {
            boolean[] slides = new boolean[shape.layers().size()];
            for (int layer = 0; layer < slides.length; layer++) {
                slides[layer] = shape.layers().get(layer).window() > 0;
            }
            writer.put(of + "attention.sliding_window_pattern", slides);
        }
    }

    private void addRotary(GgufWriter writer, String of) {
        double base = config.at("/rope_parameters/rope_theta")
                .asDouble(config.at("/rope_parameters/full_attention/rope_theta").asDouble(10_000));
        var rotary = shape.layers().stream().map(ModelConfig.LayerConfig::rotary).filter(Objects::nonNull)
                .reduce((_, last) -> last).orElseThrow();
        writer.put(of + "rope.freq_base", (float) base).put(of + "rope.dimension_count", rotary.dims());
        var scaling = config.at("/rope_parameters");
        if (scaling.path("rope_type").asText().equals("yarn")) {
            addYarn(writer, of, scaling);
        }
        if (scaling.path("rope_type").asText().equals("longrope")) {
            addLongRope(writer, of, scaling);
        }
        if (scaling.path("rope_type").asText().equals("llama3")) {
            float[] divisors = new float[rotary.dims() / 2];
            for (int pair = 0; pair < divisors.length; pair++) {
                divisors[pair] = (float)
                        (Math.pow(base, -2.0 * pair / rotary.dims()) / rotary.frequencies().get(pair));
            }
            writer.tensor("rope_freqs.weight", TensorType.F32, divisors, divisors.length);
        }
    }

    private void addYarn(GgufWriter writer, String of, JsonNode scaling) {
        writer.put(of + "rope.scaling.type", "yarn")
                .put(of + "rope.scaling.factor", (float) scaling.get("factor").asDouble())
                .put(of + "rope.scaling.original_context_length",
                        scaling.get("original_max_position_embeddings").intValue())
                .put(of + "rope.scaling.yarn_beta_fast", (float) scaling.path("beta_fast").asDouble(32))
                .put(of + "rope.scaling.yarn_beta_slow", (float) scaling.path("beta_slow").asDouble(1));
        if (scaling.has("mscale_all_dim")) {
            double tenth = shape.latent() == null ? 1 : 0.1; // llama.cpp writes a tenth for DeepSeek's models
            writer.put(of + "rope.scaling.yarn_log_multiplier",
                    (float) (tenth * scaling.get("mscale_all_dim").asDouble()));
        }
        if (scaling.has("llama_4_scaling_beta")) {
            writer.put(of + "attention.temperature_scale", (float) scaling.get("llama_4_scaling_beta").asDouble());
        }
    }

    private void addLongRope(GgufWriter writer, String of, JsonNode scaling) {
        double original = scaling.get("original_max_position_embeddings").asDouble();
        double scale = config.get("max_position_embeddings").asDouble() / original;
        writer.put(of + "rope.scaling.original_context_length", (int) original)
                .put(of + "rope.scaling.attn_factor", (float) Math.sqrt(1 + Math.log(scale) / Math.log(original)));
        for (String kind : new String[] {"long", "short"}) {
            var given = scaling.get(kind + "_factor");
            float[] factors = new float[given.size()];
            for (int pair = 0; pair < factors.length; pair++) {
                factors[pair] = (float) given.get(pair).asDouble();
            }
            writer.tensor("rope_factors_" + kind + ".weight", TensorType.F32, factors, factors.length);
        }
    }

    private void addTensor(GgufWriter writer, TensorRole role, int layer) {
        var from = family.tensors().all(role, layer).stream()
                .filter(name -> tensors.tensorNames()
                        .contains(TensorNames.weight((role == TensorRole.HEAD ? "" : prefix) + name)))
                .findFirst();
        var all = family.ggufTensors().all(role, layer);
        if (from.isEmpty() || all.isEmpty()) {
            return;
        }
        // In Falcon models with two norms, the norm before attention has the second name.
        boolean second = present(TensorRole.FEED_FORWARD_NORM, layer);
        addTensor(writer, role, from.get(), second ? all.getFirst() : all.getLast());
    }

    private boolean present(TensorRole role, int layer) {
        return family.tensors().all(role, layer).stream()
                .anyMatch(name -> tensors.tensorNames().contains(prefix + name + ".weight"));
    }

    private void addTensor(GgufWriter writer, TensorRole role, String from, String to) {
        for (String kind : from.endsWith("!") ? List.of(".weight") : List.of(".weight", ".bias")) {
            String source = (role == TensorRole.HEAD ? "" : prefix) + from;
            String target = kind.equals(".weight") ? TensorNames.weight(to) : to + kind;
            String full = kind.equals(".weight") ? TensorNames.weight(source) : source + kind;
            tensors.tensor(full).ifPresent(tensor -> {
                float[] values = TensorCopies.values(tensor);
                boolean turn = kind.equals(".weight") && family.transposed().contains(role);
                int rows = turn ? tensor.columns() : tensor.rows();
                values = converted(role, turn ? turned(values, rows) : values, values.length / rows, kind);
                if (tensor.rows() == 1) {
                    writer.tensor(target, TensorType.F32, values, values.length);
                } else {
                    writer.tensor(target, TensorType.F32, values, rows, values.length / rows);
                }
            });
        }
    }

    private float[] converted(TensorRole role, float[] values, int columns, String kind) {
        boolean permuted = family.ggufPairing() == Pairing.ADJACENT && family.folderPairing() == Pairing.HALVES;
        if (permuted && (role == TensorRole.QUERY || role == TensorRole.KEY)) {
            return adjacent(values, kind.equals(".bias") ? 1 : columns);
        }
        if (role == TensorRole.QUERY_KEY_VALUE && family.interleavedHeads()) {
            return sorted(values);
        }
        if (role.isNorm() && family.normOffset() != 0 && kind.equals(".weight")) {
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

    /// Permutes the rows of each head: rows i and i + headDim / 2 become rows 2i and 2i + 1.
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

    /// Reorders rows from [key head][queries, key, value] to all queries, all keys, all values.
    private float[] sorted(float[] values) {
        int queries = shape.heads() / shape.kvHeads();
        int piece = values.length / (shape.heads() + 2 * shape.kvHeads());
        float[] sorted = new float[values.length];
        for (int head = 0; head < shape.kvHeads(); head++) {
            int from = head * (queries + 2) * piece;
            System.arraycopy(values, from, sorted, head * queries * piece, queries * piece);
            for (int part = 0; part < 2; part++) {
                System.arraycopy(values, from + (queries + part) * piece,
                        sorted, (shape.heads() + part * shape.kvHeads() + head) * piece, piece);
            }
        }
        return sorted;
    }
}
