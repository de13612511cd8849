package dev.flover.engine.tokenizer;

import java.util.List;

/// Rewrites a text before it is cut into pieces. Stateless.
@FunctionalInterface
interface TextNormalizer {
    String normalize(String text);

    /// Each rewrites what the one before gave; none leaves the text as it is.
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
