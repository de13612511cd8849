package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import dev.flover.engine.constraint.machine.Lexeme;
import dev.flover.engine.constraint.regex.Dfa;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The values that a schema allows in one place. Filled after construction, because plans refer to each other in
/// cycles.
public final class ValuePlan {
    private @Nullable Dfa scalars;
    private List<ObjectPlan> objects = List.of();
    private List<ArrayPlan> arrays = List.of();

    /// @param scalars the automaton of the strings, numbers, true, false and null that may stand here; null for none
    public void fill(@Nullable Dfa scalars, List<ObjectPlan> objects, List<ArrayPlan> arrays) {
        this.scalars = scalars;
        this.objects = objects;
        this.arrays = arrays;
    }

    /// Adds the cursors that stand before a value.
    ///
    /// @param behind the frame that continues after the value
    public void begin(Frame behind, List<Cursor> next) {
        if (scalars != null) {
            Lexeme.begin(scalars, behind, next);
        }
        if (!objects.isEmpty() || !arrays.isEmpty()) {
            next.add(new Opening(this, behind));
        }
    }

    /// The cursor before the opening bracket of an object or array.
    private record Opening(ValuePlan plan, Frame behind) implements Cursor {
        @Override
        public void step(int value, List<Cursor> next) {
            if (value == '{') {
                for (var object : plan.objects) {
                    ObjectState.open(object, behind).opened(next);
                }
            } else if (value == '[') {
                for (var array : plan.arrays) {
                    ArrayState.open(array, behind).opened(next);
                }
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Opening opening && plan == opening.plan && behind.equals(opening.behind);
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(plan) * 31 + behind.hashCode();
        }
    }
}
