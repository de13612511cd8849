package dev.flover.engine.constraint.machine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state of a parse after some text: the set of all cursors by which this text can be parsed. Caches its steps.
public final class Position {
    private final Machine machine;
    final Cursor[] cursors;
    private Position @Nullable [] next;
    private @Nullable Boolean mayEnd;
    /// The position of those cursors that are not lexemes; computed on first use.
    private @Nullable Position others;
    long @Nullable [] mask;

    Position(Machine machine, Cursor[] cursors) {
        this.machine = machine;
        this.cursors = cursors;
    }

    /// Whether no text that the constraint accepts begins with the text so far.
    public boolean isDead() {
        return cursors.length == 0;
    }

    /// The dead position: no accepted text begins in this way.
    public Position dead() {
        return machine.position(List.of());
    }

    public boolean mayEnd() {
        if (mayEnd == null) {
            boolean any = false;
            for (var cursor : cursors) {
                any |= cursor.mayEnd();
            }
            mayEnd = any;
        }
        return mayEnd;
    }

    /// The position after one more byte.
    ///
    /// @param value the byte, 0 to 255
    public Position step(int value) {
        if (next == null) {
            next = new Position[256];
        }
        var known = next[value];
        if (known == null) {
            var list = new ArrayList<Cursor>(4);
            for (var cursor : cursors) {
                cursor.step(value, list);
            }
            known = list.size() == 1 && cursors.length == 1 && list.getFirst() == cursors[0]
                    ? this
                    : machine.position(list);
            next[value] = known;
        }
        return known;
    }

    Position others() {
        if (others == null) {
            List<Cursor> list = new ArrayList<>();
            for (var cursor : cursors) {
                if (!(cursor instanceof Lexeme)) {
                    list.add(cursor);
                }
            }
            others = list.size() == cursors.length ? this : machine.position(list);
        }
        return others;
    }
}
