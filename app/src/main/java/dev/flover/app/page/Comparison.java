package dev.flover.app.page;

import dev.flover.schemas.TokenChunk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Compares the tokens of a replay with those of the first answers, as they come.
final class Comparison {
    private final Map<Integer, List<Integer>> first = new TreeMap<>();
    private final Map<Integer, List<Integer>> again = new TreeMap<>();
    private @Nullable String difference;
    private @Nullable String end;

    /// Adds a chunk of the first answers.
    void first(TokenChunk chunk) {
        first.computeIfAbsent(chunk.getAnswer(), answer -> new ArrayList<>()).addAll(chunk.getTokenIds());
    }

    /// Adds a chunk of the replay.
    void again(TokenChunk chunk) {
        var expected = first.getOrDefault(chunk.getAnswer(), List.of());
        var found = again.computeIfAbsent(chunk.getAnswer(), answer -> new ArrayList<>());
        for (int token : chunk.getTokenIds()) {
            int position = found.size();
            found.add(token);
            if (position < expected.size() && expected.get(position) != token && difference == null) {
                difference = "first difference in answer " + chunk.getAnswer() + " at token " + position + ": "
                        + expected.get(position) + " first, " + token + " in the replay";
            }
        }
        if (chunk.getFinish() != null && !chunk.getFinish().getMessage().isEmpty()) {
            end = chunk.getFinish().getMessage();
        }
    }

    boolean isDifferent() {
        return difference != null;
    }

    /// The number of tokens of the replay so far.
    int compared() {
        return again.values().stream().mapToInt(List::size).sum();
    }

    /// Returns the result of the comparison in words, when the replay has ended.
    ///
    /// @param whole whether the first answers ended by themselves, and were not cancelled or expired
    String words(boolean whole) {
        if (difference != null) {
            return difference;
        }
        int common = 0;
        for (var answer : first.entrySet()) {
            var found = again.getOrDefault(answer.getKey(), List.of());
            if (found.size() < answer.getValue().size() || whole && found.size() > answer.getValue().size()) {
                return "answer " + answer.getKey() + " is equal up to token "
                        + Math.min(found.size(), answer.getValue().size()) + " and has " + answer.getValue().size()
                        + " tokens first, " + found.size() + " in the replay" + (end == null ? "" : ": " + end);
            }
            common += answer.getValue().size();
        }
        return "identical, " + common + " tokens" + (whole ? "" : ", as far as the first answer went");
    }
}
