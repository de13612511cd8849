package dev.flover.engine.api;

/// Receives what finished steps produced, on the thread that owns the engine, in order of positions per sequence.
///
/// Primitives only, so that a step allocates nothing.
public interface TokenSink {
    /// A token of the prompt was scored, where the request asked for that; in order, before the answer's first token.
    ///
    /// @param position of the token within the prompt
    /// @param logprob  natural log of the token's probability under the model, given those before it
    /// @param alternatives the most probable tokens in its place; valid during the call only; null unless asked
    default void promptToken(
            long sequence, int position, int tokenId, float logprob, TopLogprobs alternatives) {}

    /// A token was drawn.
    ///
    /// @param sequence the id that [dev.flover.engine.Engine#admit] returned
    /// @param index    position within the answer, from 0, counting tokens that existed at admission
    /// @param logprob  natural log of the token's probability under the model (temperature and filters not applied);
    ///                 NaN unless the request asked for logprobs
    /// @param alternatives the most probable tokens and their logprobs; valid during the call only; null unless asked
    void token(long sequence, int index, int tokenId, float logprob, TopLogprobs alternatives);

    /// The sequence has ended by itself; its blocks are already free. Nothing more comes for it.
    void finished(long sequence, FinishReason reason);
}
