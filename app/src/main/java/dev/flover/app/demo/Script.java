package dev.flover.app.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// The requests of an act with their times. The prompts are openings in the style of the novels that the bundled model
/// was trained on.
///
/// @param lines the requests in order of time
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

    /// @param number    the request's number, from 1
    /// @param atMs      when it is sent, in ms after the first request
    /// @param maxTokens the most tokens of its answer
    record Line(int number, String prompt, long atMs, int maxTokens) {}

    Script {
        lines = List.copyOf(lines);
    }

    /// Makes a random script. Arrivals are a Poisson process; lengths are uniform, as in the random workload of the
    /// Flover paper (arXiv 2305.13484).
    ///
    /// @param meanGapMs mean time between two requests, in ms
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

    /// Returns the same requests, all sent at time 0.
    Script allAtOnce() {
        return new Script(lines.stream()
                .map(line -> new Line(line.number(), line.prompt(), 0, line.maxTokens()))
                .toList());
    }

    int size() {
        return lines.size();
    }
}
