package dev.flover.engine.constraint.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// The positions of one constraint, interned: equal lists of cursors give one position. The caches are bounded, and
/// dropping an entry changes no result.
///
/// Not safe for use by several threads at once.
public final class Machine {
    /// The most cursors of a position, that is, of ways to parse one text that are followed at the same time.
    static final int MAX_CURSORS = 512;
    private static final int MAX_POSITIONS = 8_192;
    private static final int MAX_MASKS = 16;

    private final Map<List<Cursor>, Position> known = new HashMap<>();
    private final Position dead = new Position(this, new Cursor[0]);
    private final Position[] masked = new Position[MAX_MASKS];
    private int lastMasked;

    public Position position(List<Cursor> cursors) {
        if (cursors.isEmpty()) {
            return dead;
        }
        List<Cursor> distinct = cursors.size() == 1 ? cursors : new ArrayList<>(new LinkedHashSet<>(cursors));
        if (distinct.size() > MAX_CURSORS) {
            distinct = distinct.subList(0, MAX_CURSORS);
        }
        var array = distinct.toArray(Cursor[]::new);
        var key = Arrays.asList(array);
        var position = known.get(key);
        if (position == null) {
            position = new Position(this, array);
            if (known.size() >= MAX_POSITIONS) {
                known.clear();
            }
            known.put(key, position);
        }
        return position;
    }

    /// Caches a position's mask, and drops the mask of the position that was cached [#MAX_MASKS] calls ago.
    void remember(Position position, long[] mask) {
        lastMasked = (lastMasked + 1) % MAX_MASKS;
        if (masked[lastMasked] != null) {
            masked[lastMasked].mask = null;
        }
        masked[lastMasked] = position;
        position.mask = mask;
    }
}
