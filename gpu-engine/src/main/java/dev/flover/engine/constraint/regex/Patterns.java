package dev.flover.engine.constraint.regex;

import java.util.ArrayList;

/// Compiles a pattern to the language of the texts that match it.
///
/// A pattern is compiled from its end to its beginning, always together with the language of everything that may
/// follow. So `$` requires that nothing follows, and a look-ahead is an intersection. `^` requires that nothing came
/// before; so each language is kept twice, for the start of the text and for any later place.
public final class Patterns {
    /// The most copies of a repeated part with an anchor or a look-ahead inside; such a part cannot be a repetition of
    /// the [Regex] and is written out.
    private static final int MAX_WRITTEN_OUT = 8;

    /// The least count of a repetition for which the number of states is checked; smaller counts cannot multiply it
    /// far.
    private static final int LEAST_COUNT = 5;
    private static final int MAX_COUNTING_STATES = 4_000;
    private static final int COUNTED_BYTES = 32;

    private final Alphabet alphabet;
    private final Regex rest;

    /// The language of everything that may follow a place in the pattern.
    ///
    /// @param first  at the start of the text
    /// @param behind after at least one character
    private record Following(Regex first, Regex behind) {}

    private Patterns(Alphabet alphabet) {
        this.alphabet = alphabet;
        this.rest = Regex.concat(alphabet.any(), alphabet.end());
    }

    /// The texts that contain a match, by the rules of ECMA-262.
    ///
    /// @throws IllegalArgumentException with the part that is not understood and its place in the pattern
    public static Regex search(String pattern, Alphabet alphabet) {
        var node = PatternReader.read(pattern);
        var patterns = new Patterns(alphabet);
        var found = patterns.before(node, new Following(patterns.rest, patterns.rest));
        Regex one = alphabet.one(CharSet.ALL);
        var texts = Regex.concat(alphabet.begin(), found.first.equals(found.behind)
                ? Regex.concat(Regex.repeat(one, 0, -1), found.behind)
                : Regex.or(found.first, Regex.concat(Regex.repeat(one, 1, -1), found.behind)));
        return bounded(texts, mayMultiply(node, true));
    }

    /// The texts that match from their first to their last character.
    ///
    /// @throws IllegalArgumentException with the part that is not understood and its place in the pattern
    public static Regex whole(String pattern, Alphabet alphabet) {
        var node = PatternReader.read(pattern);
        var patterns = new Patterns(alphabet);
        var texts = Regex.concat(alphabet.begin(),
                patterns.before(node, new Following(alphabet.end(), alphabet.end())).first);
        return bounded(texts, mayMultiply(node, false));
    }

    /// Refuses a language with too many states. A repetition with a count, after a part of any length, is counted
    /// separately for each place where it may have begun; so the states may multiply with each character. In that case
    /// the states are counted now, rather than while an answer is drawn.
    private static Regex bounded(Regex texts, boolean mayMultiply) {
        if (mayMultiply && new Dfa(texts).hasMoreThan(MAX_COUNTING_STATES, COUNTED_BYTES)) {
            throw new TooComplexException("counted repetitions after unbounded ones (such as .*a{30}) lead to more "
                    + "than " + MAX_COUNTING_STATES + " states within " + COUNTED_BYTES + " characters; use smaller or "
                    + "fewer counts");
        }
        return texts;
    }

    /// Whether a repetition with a count may follow a part of any length.
    ///
    /// @param open whether a part of any length may come before the node
    private static boolean mayMultiply(PatternNode node, boolean open) {
        return switch (node) {
            case PatternNode.One one -> false;
            case PatternNode.Start start -> false;
            case PatternNode.End end -> false;
            case PatternNode.Either either -> either.choices().stream().anyMatch(choice -> mayMultiply(choice, open));
            case PatternNode.LookAhead look -> mayMultiply(look.body(), open);
            case PatternNode.Repeated repeated ->
                open && repeated.max() >= LEAST_COUNT || repeated.min() >= LEAST_COUNT && open
                        || mayMultiply(repeated.body(), open || repeated.max() < 0);
            case PatternNode.InOrder order -> {
                boolean before = open;
                boolean found = false;
                for (var part : order.parts()) {
                    before &= !(part instanceof PatternNode.Start);
                    found |= mayMultiply(part, before);
                    before |= isOpen(part);
                }
                yield found;
            }
        };
    }

    private static boolean isOpen(PatternNode node) {
        return switch (node) {
            case PatternNode.One one -> false;
            case PatternNode.Start start -> false;
            case PatternNode.End end -> false;
            case PatternNode.LookAhead look -> false;
            case PatternNode.Either either -> either.choices().stream().anyMatch(Patterns::isOpen);
            case PatternNode.Repeated repeated -> repeated.max() < 0 || isOpen(repeated.body());
            case PatternNode.InOrder order -> order.parts().stream().anyMatch(Patterns::isOpen);
        };
    }

    private Following before(PatternNode node, Following next) {
        return switch (node) {
            case PatternNode.One one -> {
                var taken = Regex.concat(alphabet.one(one.set()), next.behind);
                yield new Following(taken, taken);
            }
            case PatternNode.InOrder order -> {
                var all = next;
                for (var part : order.parts().reversed()) {
                    all = before(part, all);
                }
                yield all;
            }
            case PatternNode.Either either -> {
                var first = new ArrayList<Regex>();
                var behind = new ArrayList<Regex>();
                for (var choice : either.choices()) {
                    var following = before(choice, next);
                    first.add(following.first);
                    behind.add(following.behind);
                }
                yield new Following(Regex.or(first), Regex.or(behind));
            }
            case PatternNode.Repeated repeated -> repeated.isPlain()
                    ? repeated(repeated, next)
                    : writtenOut(repeated, next);
            case PatternNode.Start start -> new Following(next.first, Regex.NOTHING);
            case PatternNode.End end -> new Following(atEnd(next.first), atEnd(next.behind));
            case PatternNode.LookAhead look -> {
                var asked = before(look.body(), new Following(rest, rest));
                yield new Following(looking(asked.first, look.negative(), next.first),
                        looking(asked.behind, look.negative(), next.behind));
            }
        };
    }

    private Regex atEnd(Regex next) {
        return next.equals(rest) || next.equals(alphabet.end()) ? alphabet.end() : Regex.and(next, alphabet.end());
    }

    private static Regex looking(Regex asked, boolean negative, Regex next) {
        return Regex.and(next, negative ? Regex.not(asked) : asked);
    }

    private Following repeated(PatternNode.Repeated node, Following next) {
        var body = plain(node.body());
        var behind = Regex.concat(Regex.repeat(body, node.min(), node.max()), next.behind);
        if (next.first.equals(next.behind)) {
            return new Following(behind, behind);
        }
        var some = Regex.and(Regex.repeat(body, Math.max(1, node.min()), node.max()), Regex.not(Regex.EMPTY));
        var first = Regex.concat(some, next.behind);
        return new Following(node.min() == 0 || body.nullable ? Regex.or(next.first, first) : first, behind);
    }

    private Following writtenOut(PatternNode.Repeated node, Following next) {
        if (node.max() < 0 || node.max() > MAX_WRITTEN_OUT) {
            throw new IllegalArgumentException("an anchor or a look-ahead that is repeated is not supported in a"
                    + " pattern");
        }
        var all = next;
        for (int i = node.max(); i > 0; i--) {
            var once = before(node.body(), all);
            all = i > node.min() ? new Following(Regex.or(once.first, next.first), Regex.or(once.behind, next.behind))
                    : once;
        }
        return all;
    }

    private Regex plain(PatternNode node) {
        return switch (node) {
            case PatternNode.One one -> alphabet.one(one.set());
            case PatternNode.InOrder order ->
                Regex.concat(order.parts().stream().map(this::plain).toArray(Regex[]::new));
            case PatternNode.Either either -> Regex.or(either.choices().stream().map(this::plain).toList());
            case PatternNode.Repeated repeated ->
                Regex.repeat(plain(repeated.body()), repeated.min(), repeated.max());
            case PatternNode.Start start -> throw new AssertionError(start);
            case PatternNode.End end -> throw new AssertionError(end);
            case PatternNode.LookAhead look -> throw new AssertionError(look);
        };
    }
}
