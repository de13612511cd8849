package dev.flover.app.demo;

import dev.flover.app.picture.Frame;
import dev.flover.app.picture.Frame.Generation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The figures that the demo prints at its end.
///
/// @param first  the act that was slowed down
/// @param second the same requests, sent all at once
/// @param kills  how often the pipeline was killed in the first act
record Summary(Scoreboard first, Frame firstEnd, Scoreboard second, Frame secondEnd, DemoPipeline.Kills kills) {

    /// Returns one figure per line; no line is wider than an ordinary terminal.
    List<String> lines() {
        int misplaced = first.misplaced() + second.misplaced();
        var lines = new ArrayList<>(List.of(
                line("generations", "%d, %,d tokens in %,d fused steps: %.1f in a step on average",
                        firstEnd.generations().size(), tokens(firstEnd), first.steps(), overlap()),
                line("first token", "%d ms after its request (median), committed", medianFirstMs()),
                misplaced == 0
                        ? line("exactly once", "every token was read committed, none is missing, none came twice")
                        : line("NOT exactly once", "%d chunks were at a wrong position", misplaced),
                line("all at once", "%.1f s, %,.0f tokens/s at full speed; %d of %d answers equal",
                        secondEnd.nowMs() / 1e3, tokens(secondEnd) * 1e3 / secondEnd.nowMs(), equalAnswers(),
                        secondEnd.generations().size())));
        if (kills.count() > 0) {
            lines.add(line("killed", "%d times, in the middle of %d answers", kills.count(), kills.interrupted()));
            lines.add(line("without kills", "%d of %d texts equal, byte by byte", equalTexts(),
                    secondEnd.generations().size()));
        }
        return lines;
    }

    private long equalTexts() {
        var after = secondEnd.generations();
        return firstEnd.generations().stream().filter(each -> after.stream().anyMatch(other ->
                other.number() == each.number() && other.text().equals(each.text()))).count();
    }

    /// Returns the mean number of tokens per step, which is the mean number of generations that shared a step.
    private double overlap() {
        return (double) tokens(firstEnd) / Math.max(1, first.steps());
    }

    private int equalAnswers() {
        var before = first.answers();
        var after = second.answers();
        int equal = 0;
        for (int i = 0; i < before.size(); i++) {
            equal += before.get(i).equals(after.get(i)) ? 1 : 0;
        }
        return equal;
    }

    private long medianFirstMs() {
        var waits = firstEnd.generations().stream()
                .map(generation -> generation.firstMs() - generation.sentMs())
                .sorted()
                .toList();
        return waits.get(waits.size() / 2);
    }

    private static long tokens(Frame frame) {
        return frame.generations().stream().mapToLong(Generation::tokens).sum();
    }

    private static String line(String what, String format, Object... values) {
        return String.format("%-13s ", what) + String.format(Locale.ROOT, format, values);
    }
}
