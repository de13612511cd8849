package dev.flover.engine.loading.families;

import static dev.flover.engine.loading.families.LlamaFamily.GGUF;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_FOLDER;
import static dev.flover.engine.loading.families.LlamaFamily.LLAMA_GGUF;
import static dev.flover.engine.loading.families.TensorRole.ATTENTION_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_NORM;
import static dev.flover.engine.loading.families.TensorRole.FEED_FORWARD_POST_NORM;
import static dev.flover.engine.loading.families.TensorRole.GATE;
import static dev.flover.engine.loading.families.TensorRole.GATE_UP;
import static dev.flover.engine.loading.families.TensorRole.KEY;
import static dev.flover.engine.loading.families.TensorRole.KEY_NORM;
import static dev.flover.engine.loading.families.TensorRole.QUERY;
import static dev.flover.engine.loading.families.TensorRole.QUERY_KEY_VALUE;
import static dev.flover.engine.loading.families.TensorRole.QUERY_NORM;
import static dev.flover.engine.loading.families.TensorRole.UP;
import static dev.flover.engine.loading.families.TensorRole.VALUE;

import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.model.ModelConfig.Activation;
import dev.flover.engine.model.ModelConfig.Rotary.Pairing;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The table of the supported model families: the most common ones, and the lists of other tables. How to add a
/// family is described in `docs/understand/adding-a-model-family.md`.
public final class Families {
    private static final Family MISTRAL = LLAMA.with(family -> {
        family.architectures(List.of("mistral"));
        family.modelTypes(List.of("mistral"));
        family.folderWindows(WindowRule.LISTED);
        family.ggufWindows(true);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 131072,
                 "num_key_value_heads": 8}""");
    });

    private static final Family QWEN2 = LLAMA.with(family -> {
        family.architectures(List.of("qwen2"));
        family.modelTypes(List.of("qwen2"));
        family.folderWindows(WindowRule.UPPER_LAYERS);
        family.ggufPairing(Pairing.HALVES);
        family.biased(Set.of(QUERY, KEY, VALUE));
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 32768,
                 "use_sliding_window": false, "max_window_layers": 28}""");
    });

    private static final Family QWEN3 = QWEN2.with(family -> {
        family.architectures(List.of("qwen3"));
        family.modelTypes(List.of("qwen3"));
        family.biased(Set.of());
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 32768, "head_dim": 128,
                 "use_sliding_window": false, "max_window_layers": 28}""");
        family.tensors(LLAMA_FOLDER
                .with(QUERY_NORM, "layers.*.self_attn.q_norm")
                .with(KEY_NORM, "layers.*.self_attn.k_norm"));
        family.ggufTensors(LLAMA_GGUF
                .with(QUERY_NORM, "blk.*.attn_q_norm")
                .with(KEY_NORM, "blk.*.attn_k_norm"));
    });

    private static final Family PHI3 = LLAMA.with(family -> {
        family.architectures(List.of("phi3"));
        family.modelTypes(List.of("phi3"));
        family.folderWindows(WindowRule.EACH_LAYER);
        family.ggufWindows(true);
        family.ggufPairing(Pairing.HALVES);
        family.configDefaults("""
                {"rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 4096,
                 "original_max_position_embeddings": 4096}""");
        family.tensors(LLAMA_FOLDER
                .without(QUERY, KEY, VALUE, GATE, UP)
                .with(QUERY_KEY_VALUE, "layers.*.self_attn.qkv_proj")
                .with(GATE_UP, "layers.*.mlp.gate_up_proj"));
        family.ggufTensors(LLAMA_GGUF
                .without(GATE, UP)
                .with(QUERY_KEY_VALUE, "blk.*.attn_qkv")
                .with(GATE_UP, "blk.*.ffn_up"));
    });

    private static final Family GEMMA = LLAMA.with(family -> {
        family.architectures(List.of("gemma"));
        family.modelTypes(List.of("gemma"));
        family.activation(Activation.GELU_TANH);
        family.activationFixed(true);
        family.ggufPairing(Pairing.HALVES);
        family.scaledEmbedding(true);
        family.normOffset(1);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 8192, "head_dim": 256,
                 "tie_word_embeddings": true}""");
    });

    private static final Family GEMMA2 = GEMMA.with(family -> {
        family.architectures(List.of("gemma2"));
        family.modelTypes(List.of("gemma2"));
        family.activationFixed(false);
        family.fullAttentionEvery(2);
        family.folderWindows(WindowRule.LISTED);
        family.ggufWindows(true);
        family.window(4096);
        family.wideScaleLayers(46);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 10000.0, "max_position_embeddings": 8192, "head_dim": 256,
                 "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
                 "num_attention_heads": 8, "num_key_value_heads": 4, "tie_word_embeddings": true,
                 "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 256, "sliding_window": 4096,
                 "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}""");
        family.tensors(LLAMA_FOLDER
                .with(ATTENTION_POST_NORM, "layers.*.post_attention_layernorm")
                .with(FEED_FORWARD_NORM, "layers.*.pre_feedforward_layernorm")
                .with(FEED_FORWARD_POST_NORM, "layers.*.post_feedforward_layernorm"));
        family.ggufTensors(LLAMA_GGUF
                .with(ATTENTION_POST_NORM, "blk.*.post_attention_norm")
                .with(FEED_FORWARD_POST_NORM, "blk.*.post_ffw_norm"));
    });

    /// Text only: the vision tensors of the larger models are ignored.
    private static final Family GEMMA3 = GEMMA2.with(family -> {
        family.architectures(List.of("gemma3"));
        family.modelTypes(List.of("gemma3_text", "gemma3"));
        family.fullAttentionEvery(6);
        family.folderWindows(WindowRule.LISTED_OR_PATTERN);
        family.window(0);
        family.localRotaryBase(10_000);
        family.wideScaleLayers(62);
        family.configDefaults("""
                {"rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0,
                 "max_position_embeddings": 131072, "head_dim": 256, "hidden_size": 2304,
                 "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
                 "num_key_value_heads": 4, "tie_word_embeddings": true, "query_pre_attn_scalar": 256,
                 "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 4096, "sliding_window_pattern": 6}""");
        family.tensors(new TensorNames(
                        List.of("model.", "language_model.model.", "model.language_model.", ""),
                        GEMMA2.tensors().names())
                .with(QUERY_NORM, "layers.*.self_attn.q_norm")
                .with(KEY_NORM, "layers.*.self_attn.k_norm"));
        family.ggufTensors(GEMMA2.ggufTensors()
                .with(QUERY_NORM, "blk.*.attn_q_norm")
                .with(KEY_NORM, "blk.*.attn_k_norm"));
    });

    public static final List<Family> ALL = Stream.of(
                    List.of(LLAMA, MISTRAL, QWEN2, QWEN3, PHI3, GEMMA, GEMMA2, GEMMA3),
                    RmsFamilies.ALL, LayerNormFamilies.ALL, ExpertFamilies.ALL, LatentFamilies.ALL)
            .flatMap(List::stream)
            .toList();

    private Families() {}

    /// The family of a GGUF architecture.
    ///
    /// @param experts whether the file has experts; some families with experts share the architecture of one without
    public static Family ofArchitecture(Path file, String architecture, boolean experts) {
        var family = find(file, "architecture", architecture, Family::architectures);
        return ALL.stream()
                .filter(each -> each.architectures().contains(architecture) && (each.scoring() != null) == experts)
                .findFirst()
                .or(() -> experts ? Optional.empty() : Optional.of(family))
                .orElseThrow(() -> new ModelFileException(file, "is a mixture of experts of the architecture \""
                        + architecture + "\", which is not supported"));
    }

    public static Family ofModelType(Path file, String modelType) {
        return find(file, "model type", modelType, Family::modelTypes);
    }

    private static Family find(Path file, String what, String name, Function<Family, List<String>> names) {
        for (var family : ALL) {
            if (names.apply(family).contains(name)) {
                return family;
            }
        }
        var known = ALL.stream().map(names).flatMap(List::stream).distinct().sorted().collect(Collectors.joining(", "));
        throw new ModelFileException(
                file, "is of " + what + " \"" + name + "\", which is not supported; the supported ones are " + known);
    }
}
