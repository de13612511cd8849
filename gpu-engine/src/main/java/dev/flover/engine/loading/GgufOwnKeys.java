package dev.flover.engine.loading;

import static java.util.Map.entry;

import java.util.Map;
import java.util.Set;

/// The metadata keys that only some architectures have. In a file of another architecture, no reader asks for such a
/// key, so that [GgufKeys] refuses it by name unless its value changes nothing. [GgufExperts] refuses keys of experts,
/// which have no effect in a file without experts.
final class GgufOwnKeys {
    private static final Map<String, Set<String>> ARCHITECTURES = Map.ofEntries(
            entry("attention.scale", Set.of("granite", "granitemoe")),
            entry("attention.temperature_scale", Set.of("mistral3", "deepseek2")),
            entry("attn_logit_softcapping", Set.of("gemma2")),
            entry("embedding_scale", Set.of("granite", "granitemoe")),
            entry("expert_gating_func", Set.of("deepseek2", "glm4moe")),
            entry("expert_weights_norm", Set.of("deepseek2", "glm4moe")),
            entry("expert_weights_scale", Set.of("deepseek2", "glm4moe")),
            entry("final_logit_softcapping", Set.of("gemma2", "gemma3")),
            entry("logit_scale", Set.of("command-r", "cohere2", "granite", "granitemoe")),
            entry("residual_scale", Set.of("granite", "granitemoe")),
            entry("use_parallel_residual", Set.of("gptneox", "stablelm")));

    private GgufOwnKeys() {}

    /// Whether files of the architecture may have the key.
    static boolean has(String architecture, String key) {
        var having = ARCHITECTURES.get(key);
        return having == null || having.contains(architecture);
    }
}
