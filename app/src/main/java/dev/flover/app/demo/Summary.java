package dev.flover.app.demo;

import dev.flover.app.demo.Frame.Generation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What there was to see, in figures.
///
/// @param first  the act that was slowed down
/// @param second the same requests, all at once
record Summary(Scoreboard first, Frame firstEnd, Scoreboard second, Frame secondEnd) {

    /// Sentences, one a line.
    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(format("%d generations, %,d tokens in %,d fused steps: %.1f generations in a step on average.",
                firstEnd.generations().size(), tokens(firstEnd), first.steps(), overlap()));
        lines.add(format("From request to first committed token: %d ms (median), one slowed step of %.0f ms included.",
                medianFirstMs(), firstEnd.nowMs() / (double) Math.max(1, first.steps())));
        lines.add(first.misplaced() + second.misplaced() == 0
                ? "Exactly once: every token was read from a committed transaction, none missing, none twice."
                : format("%d chunks were NOT where they should have been.", first.misplaced() + second.misplaced()));
        lines.add(format("The same %d requests again, all at once and at full speed: %.1f s, %,.0f tokens/s; "
                        + "%d of %d answers equal, token for token.",
                secondEnd.generations().size(), secondEnd.nowMs() / 1e3, tokens(secondEnd) * 1e3 / secondEnd.nowMs(),
                equalAnswers(), secondEnd.generations().size()));
        return lines;
    }

    /// Generations that shared a step, on average: decode time over the time in which any was decoded.
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

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
