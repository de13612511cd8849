package dev.flover.benchmarks.delivery.check;

import dev.flover.schemas.FinishReason;
import dev.flover.schemas.TokenLogprob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The only correct answer to a request, whatever disturbs the pipeline.
///
/// @param logprobs one per token; null if the request asked for none
/// @param stop     the stop string that ends the answer; null if none does
public record ExpectedAnswer(
        String requestId, List<Integer> tokenIds, String text, @Nullable List<TokenLogprob> logprobs,
        FinishReason reason, @Nullable String stop, int promptTokens) {

    public ExpectedAnswer {
        tokenIds = List.copyOf(tokenIds);
        if (logprobs != null && logprobs.size() != tokenIds.size()) {
            throw new IllegalArgumentException("expected a logprob for each of " + tokenIds.size() + " tokens, found "
                    + logprobs.size());
        }
    }
}
