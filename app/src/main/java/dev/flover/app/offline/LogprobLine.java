package dev.flover.app.offline;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.flover.engine.api.TopLogprobs;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The logprob of a token and those of the most probable tokens at its position, as all commands write them.
@JsonPropertyOrder({"token_id", "logprob", "alternatives"})
public record LogprobLine(
        @JsonProperty("token_id") int tokenId,
        @JsonProperty("logprob") float logprob,
        @JsonProperty("alternatives") List<Alternative> alternatives) {

    public LogprobLine {
        alternatives = List.copyOf(alternatives);
    }

    /// One of the most probable tokens at the position.
    @JsonPropertyOrder({"token_id", "logprob"})
    public record Alternative(@JsonProperty("token_id") int tokenId, @JsonProperty("logprob") float logprob) {
        private String words() {
            return String.format(Locale.ROOT, "%d %.3f", tokenId, logprob);
        }
    }

    /// @param alternatives the most probable tokens; null if none were requested
    static LogprobLine of(int token, float logprob, @Nullable TopLogprobs alternatives) {
        if (alternatives == null) {
            return new LogprobLine(token, logprob, List.of());
        }
        return new LogprobLine(token, logprob, IntStream.range(0, alternatives.count())
                .mapToObj(rank -> new Alternative(alternatives.token(rank), alternatives.logprob(rank))).toList());
    }

    /// Formats the logprobs as in `1043 -0.105 (1043 -0.105, 9 -2.600)`: the token, then the alternatives.
    public String words() {
        String token = new Alternative(tokenId, logprob).words();
        return alternatives.isEmpty() ? token
                : token + alternatives.stream().map(Alternative::words).collect(Collectors.joining(", ", " (", ")"));
    }
}
