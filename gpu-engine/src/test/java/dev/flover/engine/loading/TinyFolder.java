package dev.flover.engine.loading;

import dev.flover.engine.loading.families.Family;
import dev.flover.engine.loading.families.TensorNames;
import dev.flover.engine.loading.families.TensorRole;
import dev.flover.engine.loading.families.WindowRule;
import dev.flover.engine.tensor.TensorType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Writes a Hugging Face folder with a two-layer Llama of random weights, for tests.
final class TinyFolder {
    static final String CONFIG = """
            {"model_type": "llama", "hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2,
             "num_hidden_layers": 2, "intermediate_size": 64, "vocab_size": 48, "max_position_embeddings": 128,
             "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": false,
             "eos_token_id": 2,
             "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                              "original_max_position_embeddings": 64}}
            """;

    private TinyFolder() {}

    static Map<String, int[]> shapes() {
        var shapes = new LinkedHashMap<String, int[]>();
        shapes.put("model.embed_tokens.weight", new int[] {48, 32});
        for (int layer = 0; layer < 2; layer++) {
            String of = "model.layers." + layer + ".";
            shapes.put(of + "input_layernorm.weight", new int[] {32});
            shapes.put(of + "self_attn.q_proj.weight", new int[] {32, 32});
            shapes.put(of + "self_attn.k_proj.weight", new int[] {16, 32});
            shapes.put(of + "self_attn.v_proj.weight", new int[] {16, 32});
            shapes.put(of + "self_attn.o_proj.weight", new int[] {32, 32});
            shapes.put(of + "post_attention_layernorm.weight", new int[] {32});
            shapes.put(of + "mlp.gate_proj.weight", new int[] {64, 32});
            shapes.put(of + "mlp.up_proj.weight", new int[] {64, 32});
            shapes.put(of + "mlp.down_proj.weight", new int[] {32, 64});
        }
        shapes.put("model.norm.weight", new int[] {32});
        shapes.put("lm_head.weight", new int[] {48, 32});
        return shapes;
    }

    /// Writes the folder with one safetensors file.
    static Path write(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Files.write(folder.resolve("model.safetensors"), safetensors(shapes()));
        return folder;
    }

    /// Writes the folder with two safetensors files and their index.
    static Path writeSharded(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), CONFIG);
        var names = List.copyOf(shapes().keySet());
        var index = new ArrayList<String>();
        for (int part = 0; part < 2; part++) {
            String file = "model-0000" + (part + 1) + "-of-00002.safetensors";
            var shapes = shapes();
            for (int i = 0; i < names.size(); i++) {
                if (i % 2 == part) {
                    index.add("\"" + names.get(i) + "\": \"" + file + "\"");
                } else {
                    shapes.remove(names.get(i));
                }
            }
            Files.write(folder.resolve(file), safetensors(shapes));
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {" + String.join(", ", index) + "}}");
        return folder;
    }

    /// The bytes of a safetensors file with tensors of these shapes. The numbers of each tensor depend only on its
    /// name.
    static byte[] safetensors(Map<String, int[]> shapes) {
        return safetensors(shapes, List.of(TensorType.F32));
    }

    private static byte[] safetensors(Map<String, int[]> shapes, List<TensorType> types) {
        var header = new ArrayList<String>();
        var data = new ByteArrayOutputStream();
        shapes.forEach((name, shape) -> {
            int from = data.size();
            var type = types.get(header.size() % types.size());
            data.writeBytes(GgufWriter.encode(type, values(name, shape)));
            header.add("\"%s\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": [%d, %d]}".formatted(
                    name, type, Arrays.toString(shape), from, data.size()));
        });
        byte[] json = ("{" + String.join(", ", header) + "}").getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).put(data.toByteArray()).array();
    }

    /// The widths of a model with four heads and four experts.
    ///
    /// @param plain  the dimensions of a head without positions, and of its values, in latent attention
    /// @param turned the dimensions of a head with positions in latent attention
    record Widths(int layers, int hidden, int headDim, int feedForward, int expert, int rank, int plain, int turned) {
        static final Widths SMALL = new Widths(7, 64, 16, 96, 32, 32, 16, 8);
        /// Rows are as long as the largest quantisation blocks, and there are more matrices than types.
        static final Widths BLOCKS = new Widths(4, 256, 64, 256, 256, 256, 64, 32);

        int shared() {
            return 2 * expert;
        }
    }

    /// Writes the folder of a model of any family: every tensor that the family's folders have, seven layers, heads of
    /// 16 dimensions.
    static Path write(Path folder, Family family) throws IOException {
        return write(folder, family, Widths.SMALL, List.of(TensorType.F32));
    }

    /// Writes the folder of a model of any family, with every tensor that the family's folders have.
    ///
    /// @param types the types of the tensors, in turn: F32, F16, BF16
    static Path write(Path folder, Family family, Widths widths, List<TensorType> types) throws IOException {
        Files.writeString(folder.resolve("config.json"), config(family, widths));
        var shapes = new LinkedHashMap<String, int[]>();
        for (var role : TensorRole.values()) {
            boolean perLayer = role.compareTo(TensorRole.ATTENTION_NORM) >= 0;
            for (int layer = 0; layer < (perLayer ? widths.layers() : 1); layer++) {
                addTensor(shapes, family, widths, role, layer);
            }
        }
        Files.write(folder.resolve("model.safetensors"), safetensors(shapes, types));
        return folder;
    }

    private static String config(Family family, Widths widths) {
        return """
                {"model_type": "%s", "hidden_size": %d, "num_attention_heads": 4, "num_key_value_heads": %d,
                 "head_dim": %d, "num_hidden_layers": %d, "intermediate_size": %d, "max_position_embeddings": 64,
                 "query_pre_attn_scalar": %d, "rope_parameters": %s%s%s%s}
                """.formatted(
                family.modelTypes().getFirst(), widths.hidden(), kvHeads(family), widths.headDim(), widths.layers(),
                feedForward(family, widths), widths.headDim(),
                family.localRotaryBase() > 0
                        ? "{\"full_attention\": {\"rope_theta\": 5000.0}}" : "{\"rope_theta\": 5000.0}",
                experts(family, widths), latent(family, widths),
                (family.fullAttentionEvery() > 0 && family.folderWindows() != WindowRule.NO_LAYER
                        ? ", \"sliding_window\": 8" : "")
                        + (family.configDefaults().contains("residual_multiplier")
                                ? ", \"embedding_multiplier\": 6.0, \"residual_multiplier\": 0.4,"
                                        + " \"attention_multiplier\": 0.05, \"logits_scaling\": 4.0" : "")
                        + (family.configDefaults().contains("rotary_dim") ? ", \"rotary_dim\": 8" : ""));
    }

    /// The width of the feed-forward layers; in families without such layers, of the experts.
    private static int feedForward(Family family, Widths widths) {
        boolean onlyExperts = family.scoring() != null && !family.tensors().names().containsKey(TensorRole.GATE);
        return onlyExperts ? widths.expert() : widths.feedForward();
    }

    private static String experts(Family family, Widths widths) {
        if (family.scoring() == null) {
            return "";
        }
        var roles = family.tensors().names().keySet();
        String shared = roles.contains(TensorRole.SHARED_ROUTER)
                ? ", \"shared_expert_intermediate_size\": " + widths.shared()
                : roles.contains(TensorRole.SHARED_UP) ? ", \"n_shared_experts\": 2" : "";
        return """
                , "num_local_experts": 4, "num_experts_per_tok": 2, "num_experts": 4, "n_routed_experts": 4,
                "moe_intermediate_size": %d, "norm_topk_prob": %b%s"""
                .formatted(widths.expert(), family.normalisesExperts(), shared);
    }

    private static String latent(Family family, Widths widths) {
        return !family.tensors().names().containsKey(TensorRole.KEY_DOWN) ? "" : """
                , "kv_lora_rank": %d, "q_lora_rank": null, "qk_nope_head_dim": %d, "qk_rope_head_dim": %d,
                "v_head_dim": %d, "n_group": 2, "topk_group": 1, "first_k_dense_replace": 0"""
                .formatted(widths.rank(), widths.plain(), widths.turned(), widths.plain());
    }

    private static int kvHeads(Family family) {
        if (family.configDefaults().contains("multi_query")) {
            return 1;
        }
        return family.interleavedHeads() || family.learnsPositions() ? 4 : 2;
    }

    private static void addTensor(
            Map<String, int[]> shapes, Family family, Widths widths, TensorRole role, int layer) {
        var name = family.tensors().name(role, layer);
        boolean tied = family.configDefaults().contains("\"tie_word_embeddings\": true");
        boolean absent = family.optional().contains(role) && !family.configDefaults().contains("parallel_residual");
        absent |= family.scoring() != null
                && EnumSet.of(TensorRole.GATE, TensorRole.UP, TensorRole.DOWN).contains(role);
        if (name.isEmpty() || role == TensorRole.HEAD && tied || absent) {
            return;
        }
        if (name.get().contains("#")) {
            for (int expert = 0; expert < 4; expert++) {
                addExpert(shapes, family, widths, role, name.get().replace("#", Integer.toString(expert)));
            }
            return;
        }
        int[] shape = shape(family, widths, role);
        String full = (role == TensorRole.HEAD ? "" : family.tensors().prefixes().getFirst()) + name.get();
        boolean turned = family.transposed().contains(role);
        int last = shape.length - 1;
        if (turned) {
            int outputs = shape[last - 1];
            shape[last - 1] = shape[last];
            shape[last] = outputs;
        }
        shapes.put(TensorNames.weight(full), shape);
        boolean promised = family.attentionBiased().contains(role)
                && family.configDefaults().contains("\"attention_bias\": true");
        if (family.biased().contains(role) || promised) {
            shapes.put(full + ".bias", new int[] {turned ? shape[1] : shape[0]});
        }
    }

    private static int[] shape(Family family, Widths widths, TensorRole role) {
        boolean allHeads = family.modelTypes().getFirst().startsWith("olmo");
        int hidden = widths.hidden();
        int all = 4 * widths.headDim();
        int kv = widths.headDim() * kvHeads(family);
        return switch (role) {
            case EMBEDDING, HEAD -> new int[] {48, hidden};
            case POSITIONS -> new int[] {64 + family.positionOffset(), hidden};
            case QUERY -> new int[] {family.tensors().names().containsKey(TensorRole.KEY_DOWN)
                    ? 4 * (widths.plain() + widths.turned()) : all, hidden};
            case ATTENTION_OUT -> new int[] {hidden, all};
            case KEY, VALUE -> new int[] {kv, hidden};
            case QUERY_KEY_VALUE -> new int[] {all + 2 * kv, hidden};
            case GATE, UP -> new int[] {widths.feedForward(), hidden};
            case GATE_UP -> new int[] {2 * widths.feedForward(), hidden};
            case DOWN -> new int[] {hidden, widths.feedForward()};
            case KEY_DOWN -> new int[] {widths.rank() + widths.turned(), hidden};
            case KEY_DOWN_NORM -> new int[] {widths.rank()};
            case KEY_VALUE_UP -> new int[] {8 * widths.plain(), widths.rank()};
            case QUERY_DOWN, QUERY_DOWN_NORM, QUERY_UP, KEY_UP, VALUE_UP ->
                throw new AssertionError(role + " is optional");
            case SINKS -> new int[] {4};
            case ROUTER -> new int[] {4, hidden};
            case ROUTER_CORRECTION -> new int[] {4};
            case EXPERT_GATE, EXPERT_UP -> new int[] {4, widths.expert(), hidden};
            case EXPERT_GATE_UP -> new int[] {4, 2 * widths.expert(), hidden};
            case EXPERT_DOWN -> new int[] {4, hidden, widths.expert()};
            case SHARED_GATE, SHARED_UP -> new int[] {widths.shared(), hidden};
            case SHARED_DOWN -> new int[] {hidden, widths.shared()};
            case SHARED_ROUTER -> new int[] {1, hidden};
            case QUERY_NORM -> new int[] {allHeads ? all : widths.headDim()};
            case KEY_NORM -> new int[] {allHeads ? kv : widths.headDim()};
            case FINAL_NORM, ATTENTION_NORM, ATTENTION_POST_NORM, FEED_FORWARD_NORM, FEED_FORWARD_POST_NORM ->
                new int[] {hidden};
        };
    }

    private static void addExpert(
            Map<String, int[]> shapes, Family family, Widths widths, TensorRole role, String name) {
        int[] shape = role == TensorRole.EXPERT_DOWN ? new int[] {widths.hidden(), widths.expert()}
                : new int[] {widths.expert(), widths.hidden()};
        shapes.put(family.tensors().prefixes().getFirst() + name + ".weight", shape);
    }

    private static float[] values(String name, int[] shape) {
        var random = new Random(name.hashCode());
        float middle = shape.length == 1 && !name.endsWith("bias") ? 1 : 0;
        float[] values = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = middle + (float) random.nextGaussian() / 6;
        }
        return values;
    }
}
