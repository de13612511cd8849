package dev.flover.engine.api;

/// Which of the prompt's own tokens are reported with their logprobs, as the model predicts them from those before.
///
/// @param from         position of the first; at least 1, as nothing predicts the first token of a prompt
/// @param alternatives most probable tokens to report beside each, at most 20
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
