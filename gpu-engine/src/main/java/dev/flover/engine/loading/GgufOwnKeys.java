package dev.flover.engine.loading;

import java.util.Map;
import java.util.Set;

/// The metadata keys that only some architectures have. In a file of another architecture, no reader asks for such a
/// key, so that [GgufKeys] refuses it by name unless its value changes nothing.
final class GgufOwnKeys {
    private static final Map<String, Set<String>> ARCHITECTURES = Map.of(
            "attention.scale", Set.of("granite", "granitemoe"),
            "attention.temperature_scale", Set.of("mistral3", "deepseek2"),
            "attn_logit_softcapping", Set.of("gemma2"),
            "embedding_scale", Set.of("granite", "granitemoe"),
            "final_logit_softcapping", Set.of("gemma2", "gemma3"),
            "logit_scale", Set.of("command-r", "cohere2", "granite", "granitemoe"),
            "residual_scale", Set.of("granite", "granitemoe"),
            "use_parallel_residual", Set.of("gptneox", "stablelm"));

    private GgufOwnKeys() {}

    /// Whether files of the architecture may have the key.
    static boolean has(String architecture, String key) {
        var having = ARCHITECTURES.get(key);
        return having == null || having.contains(architecture);
    }
}
