package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayList;
import java.util.List;

/// A language of texts that may each come once: keys of an object, items that are unique.
public final class TextPlan {
    private final Regex regex;
    private final Dfa dfa;
    /// Whether any beginning of a text goes on in infinitely many ways, so that none can be used up.
    private final boolean inexhaustible;

    public TextPlan(Regex regex, Dfa dfa) {
        this.regex = regex;
        this.dfa = dfa;
        this.inexhaustible = dfa.isInexhaustible();
    }

    /// The automaton of what may still come: the whole language's, where its user refuses what was seen at the end of a
    /// text, or one without those texts, where a beginning could lead to nothing else. Dead where none is left.
    Dfa without(List<byte[]> seen) {
        if (inexhaustible || seen.isEmpty() || seen.stream().allMatch(text -> leavesOthers(text, seen.size()))) {
            return dfa;
        }
        return new Dfa(Regex.and(regex, Regex.not(Regex.words(new ArrayList<>(seen)))));
    }

    private boolean leavesOthers(byte[] text, int seen) {
        int state = dfa.start();
        for (byte value : text) {
            if (state == Dfa.DEAD) {
                return true;
            }
            int count = dfa.count(state, seen);
            if (count >= 0 && count <= seen) {
                return false;
            }
            state = dfa.step(state, value);
        }
        return true;
    }

    /// How many texts there are; -1 for more than `limit`.
    public int count(int limit) {
        return inexhaustible ? -1 : dfa.count(dfa.start(), limit);
    }

    /// Whether a text is one of them.
    public boolean matches(byte[] text) {
        return dfa.matches(text);
    }
}
