package dev.flover.engine.constraint.machine;

import java.util.ArrayList;
import java.util.List;

/// Where the reading of a text stands: all cursors by which it can be read. Its steps are remembered.
public final class Position {
    private final Machine machine;
    final Cursor[] cursors;
    private Position[] next;
    private Boolean mayEnd;
    /// The cursors that are no lexemes, as a position.
    private Position others;
    long[] mask;

    Position(Machine machine, Cursor[] cursors) {
        this.machine = machine;
        this.cursors = cursors;
    }

    /// Whether no text leads here.
    public boolean isDead() {
        return cursors.length == 0;
    }

    /// The position that no text leads to.
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

    /// Behind one more byte.
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
