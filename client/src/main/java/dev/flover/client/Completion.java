package dev.flover.client;

import dev.flover.schemas.Finish;
import dev.flover.schemas.TokenChunk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All answers to one request.
///
/// @param answers  in the order of their indexes; one, unless the request asks for several
/// @param metadata of the request
public record Completion(String id, List<Answer> answers, Map<String, String> metadata) {
    /// One answer.
    ///
    /// @param finish why it ended, its numbers of tokens, and the tool calls that it makes
    public record Answer(int index, String text, List<Integer> tokenIds, Finish finish) {
        public Answer {
            tokenIds = List.copyOf(tokenIds);
        }
    }

    public Completion {
        answers = List.copyOf(answers);
        metadata = Map.copyOf(metadata);
    }

    /// Returns the text of the first answer.
    public String text() {
        return answers.get(0).text();
    }

    /// Puts the chunks of all answers together. Used by one thread at a time.
    static final class Builder {
        private final Map<Integer, Part> parts = new TreeMap<>();
        private Map<String, String> metadata = Map.of();

        private static final class Part {
            private final StringBuilder text = new StringBuilder();
            private final List<Integer> tokenIds = new ArrayList<>();
            private @Nullable Finish finish;
        }

        void add(TokenChunk chunk) {
            var part = parts.computeIfAbsent(chunk.getAnswer(), index -> new Part());
            part.text.append(chunk.getText());
            part.tokenIds.addAll(chunk.getTokenIds());
            part.finish = chunk.getFinish() != null ? chunk.getFinish() : part.finish;
            if (chunk.getTerminal()) {
                metadata = chunk.getMetadata();
            }
        }

        Completion build(String id) {
            var answers = new ArrayList<Answer>();
            parts.forEach((index, part) ->
                    answers.add(new Answer(index, part.text.toString(), part.tokenIds,
                            Objects.requireNonNull(part.finish, "an answer of " + id + " has no end"))));
            return new Completion(id, answers, metadata);
        }
    }
}
