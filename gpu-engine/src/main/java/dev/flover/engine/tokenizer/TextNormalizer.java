package dev.flover.engine.tokenizer;

import java.util.List;

/// Normalises a text before it is split into pieces. Stateless.
@FunctionalInterface
interface TextNormalizer {
    String normalize(String text);

    /// A sequence of normalizers: each rewrites the result of the one before. An empty sequence leaves the text as it
    /// is.
    static TextNormalizer inOrder(List<TextNormalizer> stages) {
        var fixed = List.copyOf(stages);
        return text -> {
            String rewritten = text;
            for (var stage : fixed) {
                rewritten = stage.normalize(rewritten);
            }
            return rewritten;
        };
    }
}
