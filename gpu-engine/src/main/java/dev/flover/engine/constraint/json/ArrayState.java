package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import dev.flover.engine.constraint.machine.Lexeme;
import dev.flover.engine.constraint.machine.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state of an array that is open: how many items it has, and how many of them count towards each `contains`.
/// Immutable.
///
/// A state is blind if the text of an item is unknown, which happens while the machine looks ahead within one token. If
/// items must be unique, a blind state accepts no further item.
final class ArrayState {
    private final ArrayPlan plan;
    private final Frame behind;
    /// The number of items so far. If there is no maximum, it stops growing once a further item would change nothing.
    private final int count;
    private final int[] contained;
    private final Seen items;
    private final boolean blind;
    private final int hash;

    private ArrayState(ArrayPlan plan, Frame behind, int count, int[] contained, Seen items, boolean blind) {
        this.plan = plan;
        this.behind = behind;
        this.count = count;
        this.contained = contained;
        this.items = items;
        this.blind = blind;
        this.hash = ((System.identityHashCode(plan) * 31 + behind.hashCode()) * 31 + count) * 31
                + Arrays.hashCode(contained) + items.hashCode() + (blind ? 1 : 0);
    }

    static ArrayState open(ArrayPlan plan, Frame behind) {
        return new ArrayState(plan, behind, 0, new int[plan.contains().size()], Seen.NONE, false);
    }

    void opened(List<Cursor> next) {
        Gap.before(new Then(this, Phase.OPENED), plan.spaced(), next);
    }

    private ArrayState with(ArrayPlan.Way way, byte @Nullable [] text) {
        int most = plan.max() < 0 ? Math.max(plan.min(), plan.prefix().size()) : Integer.MAX_VALUE;
        int[] now = contained.clone();
        for (int i = 0; i < now.length; i++) {
            var limits = plan.contains().get(i);
            if ((way.counted() >> i & 1) != 0 && (limits.max() >= 0 || now[i] < limits.min())) {
                now[i]++;
            }
        }
        boolean unknown = plan.unique() != null && text == null;
        return new ArrayState(plan, behind, Math.min(count + 1, most), now,
                text == null ? items : items.with(text), blind || unknown);
    }

    private boolean mayClose() {
        for (int i = 0; i < contained.length; i++) {
            if (contained[i] < plan.contains().get(i).min()) {
                return false;
            }
        }
        return count >= plan.min();
    }

    private boolean mayTake(ArrayPlan.Way way) {
        if (plan.max() >= 0 && count >= plan.max()) {
            return false;
        }
        int unmet = 0;
        for (int i = 0; i < contained.length; i++) {
            int now = contained[i] + (way.counted() >> i & 1);
            var limits = plan.contains().get(i);
            if (limits.max() >= 0 && now > limits.max()) {
                return false;
            }
            unmet += Math.max(0, limits.min() - now);
        }
        return plan.max() < 0 || unmet <= plan.max() - count - 1;
    }

    private void beginItem(List<Cursor> next) {
        for (var way : plan.ways(count)) {
            if (mayTake(way)) {
                var end = new ItemEnd(this, way);
                if (plan.unique() != null) {
                    Lexeme.begin(plan.unique().without(items.texts()), end, next);
                } else {
                    way.value().begin(end, next);
                }
            }
        }
    }

    private boolean mayGoOn() {
        var cursors = new ArrayList<Cursor>();
        beginItem(cursors);
        return !cursors.isEmpty();
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof ArrayState state && hash == state.hash && plan == state.plan
                && count == state.count && blind == state.blind && Arrays.equals(contained, state.contained)
                && items.equals(state.items) && behind.equals(state.behind);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    private enum Phase {
        OPENED,
        ITEM,
        COMMA
    }

    /// The cursor between two JSON tokens of the array, where a closing bracket or a comma may come.
    private record At(ArrayState state, Phase phase) implements Cursor {
        @Override
        public void step(int value, List<Cursor> next) {
            if (value == ']' && state.mayClose()) {
                state.behind.resume(next);
            } else if (value == ',' && phase == Phase.ITEM && state.mayGoOn()) {
                Gap.before(new Then(state, Phase.COMMA), state.plan.spaced(), next);
            }
        }
    }

    private static final class Then extends Frame {
        private final ArrayState state;
        private final Phase phase;

        Then(ArrayState state, Phase phase) {
            this.state = state;
            this.phase = phase;
        }

        @Override
        public void resume(List<Cursor> next) {
            if (phase != Phase.COMMA) {
                next.add(new At(state, phase));
            }
            if (phase != Phase.ITEM) {
                state.beginItem(next);
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Then then && phase == then.phase && state.equals(then.state);
        }

        @Override
        public int hashCode() {
            return state.hash * 31 + phase.ordinal();
        }
    }

    /// The frame that continues after an item.
    private static final class ItemEnd extends Frame {
        private final ArrayState state;
        private final ArrayPlan.Way way;

        ItemEnd(ArrayState state, ArrayPlan.Way way) {
            this.state = state;
            this.way = way;
        }

        @Override
        public boolean wantsText() {
            return state.plan.unique() != null;
        }

        @Override
        public void resume(List<Cursor> next) {
            if (!state.blind) {
                Gap.before(new Then(state.with(way, null), Phase.ITEM), state.plan.spaced(), next);
            }
        }

        @Override
        public void resume(Text text, List<Cursor> next) {
            byte[] bytes = text.bytes();
            if (!state.blind && !state.items.contains(bytes)) {
                Gap.before(new Then(state.with(way, bytes), Phase.ITEM), state.plan.spaced(), next);
            }
        }

        @Override
        public Iterable<byte[]> forbidden() {
            return state.items.texts();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ItemEnd end && way.equals(end.way) && state.equals(end.state);
        }

        @Override
        public int hashCode() {
            return state.hash + 11;
        }
    }
}
