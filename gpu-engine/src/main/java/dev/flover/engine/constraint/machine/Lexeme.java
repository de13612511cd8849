package dev.flover.engine.constraint.machine;

import dev.flover.engine.constraint.regex.Dfa;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The cursor inside a text of a regular language, which an automaton reads. In an accepting state that no byte can
/// follow there is no such cursor: the cursors of the frame take its place at once.
///
/// @param text the bytes of the lexeme so far; null at its beginning, and if the frame does not want these bytes
public record Lexeme(Dfa dfa, int state, Frame frame, @Nullable Text text) implements Cursor {
    /// Adds the cursors at the beginning of a text that the automaton accepts.
    ///
    /// @param frame the frame that continues after the text
    public static void begin(Dfa dfa, Frame frame, List<Cursor> next) {
        reach(dfa, dfa.start(), frame, null, next);
    }

    private static void reach(Dfa dfa, int state, Frame frame, @Nullable Text text, List<Cursor> next) {
        if (state == Dfa.DEAD) {
            return;
        }
        if (dfa.isAccepting(state) && dfa.isFinal(state)) {
            resume(frame, text, next);
        } else {
            next.add(new Lexeme(dfa, state, frame, text));
        }
    }

    /// Adds the cursors behind the lexeme, whose automaton must be in an accepting state.
    void resume(List<Cursor> next) {
        resume(frame, text, next);
    }

    private static void resume(Frame frame, @Nullable Text text, List<Cursor> next) {
        if (frame.wantsText()) {
            assert text != null : "no text of a frame that wants its text is empty";
            frame.resume(text, next);
        } else {
            frame.resume(next);
        }
    }

    @Override
    public void step(int value, List<Cursor> next) {
        int following = dfa.step(state, value);
        if (following == state && !frame.wantsText()) {
            next.add(this);
        } else {
            reach(dfa, following, frame, frame.wantsText() ? Text.append(text, value) : null, next);
        }
        if (dfa.isAccepting(state)) {
            var behind = new ArrayList<Cursor>();
            resume(behind);
            for (var cursor : behind) {
                cursor.step(value, next);
            }
        }
    }

    @Override
    public boolean mayEnd() {
        if (!dfa.isAccepting(state)) {
            return false;
        }
        var behind = new ArrayList<Cursor>();
        resume(frame, text, behind);
        return behind.stream().anyMatch(Cursor::mayEnd);
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof Lexeme lexeme && dfa == lexeme.dfa && state == lexeme.state
                && frame.equals(lexeme.frame)
                && (text == null ? lexeme.text == null : text.equals(lexeme.text));
    }

    @Override
    public int hashCode() {
        return (System.identityHashCode(dfa) * 31 + state) * 31 + frame.hashCode()
                + (text == null ? 0 : text.hashCode());
    }
}
