package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayList;
import java.util.List;

/// A regular language of texts that may each occur once: the keys of an object, or the items of an array with unique
/// items.
public final class TextPlan {
    private final Regex regex;
    private final Dfa dfa;
    /// Whether every prefix of a text can continue in infinitely many ways, so that the texts cannot run out.
    private final boolean inexhaustible;

    public TextPlan(Regex regex, Dfa dfa) {
        this.regex = regex;
        this.dfa = dfa;
        this.inexhaustible = dfa.isInexhaustible();
    }

    /// The automaton for the texts that may still come.
    ///
    /// If every prefix of a seen text leads to more texts than were seen, this is the automaton of the whole language,
    /// and the frame behind the text refuses the seen ones at their end. Otherwise some prefix might lead to seen texts
    /// only, so a new automaton without these texts is built. Its start state is dead if no text is left.
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

    /// Whether the language contains a text.
    public boolean matches(byte[] text) {
        return dfa.matches(text);
    }
}
