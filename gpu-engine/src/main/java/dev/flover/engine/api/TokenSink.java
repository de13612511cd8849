package dev.flover.engine.api;

import org.jspecify.annotations.Nullable;

/// Receives the results of ended steps, on the owner's thread. The results of one sequence come in the order of
/// positions.
///
/// The parameters are primitives and views, so that a step allocates nothing.
public interface TokenSink {
    /// Called for each prompt token that the request wants to have reported, in order, before the answer's first token.
    ///
    /// @param position the position of the token within the prompt
    /// @param logprob  the natural logarithm of the token's probability under the model, given the tokens before it
    /// @param alternatives the most probable tokens at this position, valid only during the call; null unless requested
    default void promptToken(
            long sequence, int position, int tokenId, float logprob,
            @Nullable TopLogprobs alternatives) {}

    /// Called for each drawn token.
    ///
    /// @param sequence the id that [dev.flover.engine.Engine#admit] returned
    /// @param index    the position within the answer, from 0, counting the tokens that existed at admission
    /// @param logprob  the natural logarithm of the token's probability under the model (before temperature and
    ///                 filters); NaN unless the request asked for logprobs
    /// @param alternatives the most probable tokens with their logprobs, valid only during the call; null unless
    ///                     requested
    void token(long sequence, int index, int tokenId, float logprob, @Nullable TopLogprobs alternatives);

    /// Called when the engine ends a sequence, not for a cancelled one. Its blocks are already free, and nothing more
    /// is reported for it.
    void finished(long sequence, FinishReason reason);
}
