package dev.flover.app.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Who asks for what, and when: openings in the manner of the novels that the bundled model has read.
///
/// @param lines in the order of their times
record Script(List<Line> lines) {
    private static final List<String> OPENINGS = List.of(
            "It was a dark and stormy night, and",
            "The old house upon the hill",
            "My dear Elizabeth,",
            "The captain looked out over the sea, and",
            "\"I cannot marry him,\" she said,",
            "In the year of the great frost, a stranger",
            "The lawyer opened the letter, and",
            "There was once a poor woman who",
            "London was never so",
            "\"Who goes there?\" cried the",
            "She had been in love with him since",
            "The horses were tired, and the road",
            "At the end of the garden stood",
            "\"My child,\" said the old man,",
            "Nobody in the village knew",
            "The ship had been three weeks at sea when",
            "A light was burning in the window of",
            "Sir Charles was a man of",
            "When the clock struck twelve,",
            "He drew his sword, and",
            "The two sisters sat by the fire, and",
            "\"You are mistaken, sir,\" replied",
            "Early in the morning the whole household",
            "And so the long winter came to");

    private static final int MIN_TOKENS = 24;
    private static final int MAX_TOKENS = 160;

    /// @param number    from 1
    /// @param atMs      after the first one
    /// @param maxTokens of its answer
    record Line(int number, String prompt, long atMs, int maxTokens) {}

    Script {
        lines = List.copyOf(lines);
    }

    /// Arrivals are a Poisson process; lengths are uniform, as in the paper's random workload.
    ///
    /// @param meanGapMs between two requests
    static Script random(long seed, double meanGapMs) {
        var random = new Random(seed);
        var lines = new ArrayList<Line>();
        double at = 0;
        for (int i = 0; i < OPENINGS.size(); i++) {
            int maxTokens = random.nextInt(MIN_TOKENS, MAX_TOKENS + 1);
            lines.add(new Line(i + 1, OPENINGS.get(i), Math.round(at), maxTokens));
            at += -meanGapMs * Math.log(1 - random.nextDouble());
        }
        return new Script(lines);
    }

    /// The same requests without a pause between them.
    Script allAtOnce() {
        return new Script(lines.stream()
                .map(line -> new Line(line.number(), line.prompt(), 0, line.maxTokens()))
                .toList());
    }

    int size() {
        return lines.size();
    }
}
