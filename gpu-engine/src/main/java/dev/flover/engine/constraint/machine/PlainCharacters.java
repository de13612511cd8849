package dev.flover.engine.constraint.machine;

import dev.flover.engine.constraint.regex.Dfa;
import java.util.Set;

/// Steps of an automaton by plain characters: the characters that a JSON string contains without an escape.
final class PlainCharacters {
    private PlainCharacters() {}

    /// Whether no plain character can follow a state.
    static boolean areDead(Dfa dfa, int state) {
        for (int value = 0x20; value < 0x100; value++) {
            if (value != '"' && value != '\\' && dfa.step(state, value) != Dfa.DEAD) {
                return false;
            }
        }
        return true;
    }

    /// Adds the states after each plain character.
    ///
    /// @return false if some plain character cannot follow
    static boolean step(Dfa dfa, int state, Set<Integer> next) {
        int last = Dfa.DEAD;
        for (int value = 0x20; value < 0x80; value++) {
            if (value != '"' && value != '\\') {
                int following = dfa.step(state, value);
                if (following == Dfa.DEAD) {
                    return false;
                }
                if (following != last) {
                    next.add(following);
                    last = following;
                }
            }
        }
        return step(dfa, state, Utf8.START, 0x80, next);
    }

    private static boolean step(Dfa dfa, int state, Utf8 utf8, int from, Set<Integer> next) {
        int lastState = Dfa.DEAD;
        Utf8 lastUtf8 = null;
        for (int value = from; value < 0x100; value++) {
            var then = utf8.step(value);
            if (then == null) {
                continue;
            }
            int following = dfa.step(state, value);
            if (following == Dfa.DEAD) {
                return false;
            }
            if (following == lastState && then == lastUtf8) {
                continue;
            }
            lastState = following;
            lastUtf8 = then;
            if (then == Utf8.START) {
                next.add(following);
            } else if (!step(dfa, following, then, 0x80, next)) {
                return false;
            }
        }
        return true;
    }
}
