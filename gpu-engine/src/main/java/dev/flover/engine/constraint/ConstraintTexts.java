package dev.flover.engine.constraint;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Machine;
import dev.flover.engine.constraint.machine.Position;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The texts that a constraint accepts, searched depth first for one that has a property. It uses a machine of its own,
/// so it shares no state with answers in progress. Not safe for use by several threads at once.
public final class ConstraintTexts {
    /// The most places that one search visits; each place costs up to 256 steps, one for each next byte.
    private static final int MAX_SEARCHED = 2_000;

    private final Position start;

    ConstraintTexts(List<Cursor> beginning) {
        start = new Machine().position(beginning);
    }

    /// A node of the search.
    ///
    /// @param read how much of the wanted property is already fulfilled: bytes of the wanted text, or bytes of length
    private record Place(Position position, int read) {}

    /// Whether an accepted text may contain the given text. Also true if the search would take too long to decide.
    public boolean mayContain(String text) {
        byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
        int[] borders = borders(wanted);
        return search(wanted.length, wanted, (read, value) -> {
            int matched = read;
            while (matched > 0 && wanted[matched] != (byte) value) {
                matched = borders[matched - 1];
            }
            return wanted[matched] == (byte) value ? matched + 1 : 0;
        });
    }

    /// Whether an accepted text may have at least this many bytes. Also true if the search would take too long to
    /// decide.
    public boolean mayBeAsLongAs(int bytes) {
        return search(bytes, null, (read, value) -> read + 1);
    }

    private interface Reading {
        /// @return the fulfilled part of the property after one more byte
        int after(int read, int value);
    }

    /// Searches depth first for a text whose `read` reaches `wanted`.
    ///
    /// @param first the byte to try first at each place, indexed by the place's `read` (it is pushed onto the stack
    ///              last); null for no preference
    private boolean search(int wanted, byte @Nullable [] first, Reading reading) {
        if (wanted == 0) {
            return true;
        }
        var seen = new HashSet<Place>();
        var stack = new ArrayDeque<Place>();
        stack.push(new Place(start, 0));
        try {
            while (!stack.isEmpty()) {
                var place = stack.pop();
                if (!seen.add(place)) {
                    continue;
                }
                if (seen.size() > MAX_SEARCHED) {
                    return true;
                }
                int last = first == null ? 0xFF : first[place.read] & 0xFF;
                for (int i = 0xFF; i >= 0; i--) {
                    int value = i ^ last;
                    var next = place.position.step(value);
                    int read = next.isDead() ? 0 : reading.after(place.read, value);
                    if (read >= wanted) {
                        return true;
                    }
                    if (!next.isDead()) {
                        stack.push(new Place(next, read));
                    }
                }
            }
        } catch (TooComplexException e) {
            return true;
        }
        return false;
    }

    /// For each prefix of a text, by its last index: the length of the longest proper prefix that is also a suffix of
    /// it (the failure function of Knuth, Morris and Pratt 1977).
    private static int[] borders(byte[] text) {
        int[] borders = new int[text.length];
        for (int i = 1; i < text.length; i++) {
            int length = borders[i - 1];
            while (length > 0 && text[i] != text[length]) {
                length = borders[length - 1];
            }
            borders[i] = text[i] == text[length] ? length + 1 : 0;
        }
        return borders;
    }
}
