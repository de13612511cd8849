package dev.flover.engine.api;

/// Which of the prompt's tokens are reported with the log probability that the model gives them after the tokens
/// before.
///
/// @param from         the position of the first reported token; at least 1, because no token precedes the first one
/// @param alternatives the number of most probable tokens to report for each position, at most 20
public record PromptLogprobs(int from, int alternatives) {
    public static final PromptLogprobs NONE = new PromptLogprobs(Integer.MAX_VALUE, 0);

    public PromptLogprobs {
        if (from < 1) {
            throw new IllegalArgumentException("from must be at least 1, was " + from);
        }
        if (alternatives < 0 || alternatives > 20) {
            throw new IllegalArgumentException("alternatives must be in [0, 20], was " + alternatives);
        }
    }
}
