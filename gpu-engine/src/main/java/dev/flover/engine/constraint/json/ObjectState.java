package dev.flover.engine.constraint.json;

import dev.flover.engine.constraint.machine.Cursor;
import dev.flover.engine.constraint.machine.Frame;
import dev.flover.engine.constraint.machine.Lexeme;
import dev.flover.engine.constraint.machine.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state of an object that is open: which keys it has, and which it still needs. Immutable.
///
/// A state is blind if the text of a key of a class is unknown, which happens while the machine looks ahead within one
/// token. A blind state accepts no further key of a class.
final class ObjectState {
    private final ObjectPlan plan;
    private final Frame behind;
    private final long[] present;
    private final long[] needed;
    private final Seen others;
    private final int count;
    private final boolean blind;
    private final int hash;

    private ObjectState(
            ObjectPlan plan, Frame behind, long[] present, long[] needed, Seen others, int count, boolean blind) {
        this.plan = plan;
        this.behind = behind;
        this.present = present;
        this.needed = needed;
        this.others = others;
        this.count = count;
        this.blind = blind;
        this.hash = ((System.identityHashCode(plan) * 31 + behind.hashCode()) * 31 + Arrays.hashCode(present)) * 31
                + others.hashCode() + (blind ? 1 : 0);
    }

    static ObjectState open(ObjectPlan plan, Frame behind) {
        return new ObjectState(
                plan, behind, new long[plan.required().length], plan.required(), Seen.NONE, 0, false);
    }

    void opened(List<Cursor> next) {
        Gap.before(new Then(this, Phase.OPENED), plan.spaced(), next);
    }

    private ObjectState withName(int name) {
        long[] now = present.clone();
        now[name >> 6] |= 1L << name;
        return new ObjectState(plan, behind, now, neededWith(name), others, count + 1, blind);
    }

    private long[] neededWith(int name) {
        long[] needs = plan.needs()[name];
        if (needs == null) {
            return needed;
        }
        long[] more = needed.clone();
        for (int i = 0; i < more.length; i++) {
            more[i] |= needs[i];
        }
        return more;
    }

    /// @param text the key as a JSON string; null if it is unknown
    private ObjectState withOther(byte @Nullable [] text) {
        return new ObjectState(plan, behind, present, needed, text == null ? others : others.with(text), count + 1,
                blind || text == null);
    }

    private int missing(long[] of, int besides) {
        int missing = 0;
        for (int i = 0; i < of.length; i++) {
            missing += Long.bitCount(of[i] & ~present[i]);
        }
        return besides >= 0 && (of[besides >> 6] >> besides & 1) != 0 ? missing - 1 : missing;
    }

    private boolean mayClose() {
        return count >= plan.min() && missing(needed, -1) == 0;
    }

    private boolean mayTake(int name) {
        return plan.values()[name] != null && (present[name >> 6] >> name & 1) == 0
                && (plan.max() < 0 || count + 1 + missing(neededWith(name), name) <= plan.max());
    }

    private boolean mayTakeAny(int from, int to) {
        for (int name = from; name < to; name++) {
            if (mayTake(name)) {
                return true;
            }
        }
        return false;
    }

    private boolean hasRoomForOther() {
        return !plan.classes().isEmpty() && (plan.max() < 0 || count + 1 + missing(needed, -1) <= plan.max());
    }

    /// Whether another key can begin. If all keys of a class are used up, the class yields no cursor.
    private boolean mayGoOn() {
        if (mayTakeAny(0, plan.names().length)) {
            return true;
        }
        if (!hasRoomForOther()) {
            return false;
        }
        var keys = new ArrayList<Cursor>();
        otherKeys(keys);
        return !keys.isEmpty();
    }

    private void beginKey(List<Cursor> next) {
        if (mayTakeAny(0, plan.names().length)) {
            next.add(new Key(this, 0, plan.names().length, 1));
        }
        if (hasRoomForOther()) {
            var keys = new ArrayList<Cursor>();
            otherKeys(keys);
            keys.forEach(key -> key.step('"', next));
        }
    }

    private void otherKeys(List<Cursor> keys) {
        var taken = forbidden();
        for (var keyClass : plan.classes()) {
            Lexeme.begin(keyClass.keys().without(taken), new KeyEnd(this, keyClass), keys);
        }
    }

    private List<byte[]> forbidden() {
        if (others.size() == 0) {
            return Arrays.asList(plan.names());
        }
        var all = new ArrayList<>(Arrays.asList(plan.names()));
        all.addAll(others.texts());
        return all;
    }

    private boolean isForbidden(byte[] text) {
        return others.contains(text) || Arrays.binarySearch(plan.names(), text, Arrays::compareUnsigned) >= 0;
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other instanceof ObjectState state && hash == state.hash && plan == state.plan
                && count == state.count && blind == state.blind && Arrays.equals(present, state.present)
                && Arrays.equals(needed, state.needed) && others.equals(state.others)
                && behind.equals(state.behind);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    private enum Phase {
        OPENED,
        COMMA,
        KEY,
        VALUE
    }

    /// The cursor between two JSON tokens of the object, after the token that `phase` names.
    ///
    /// @param value after a key: the plan of its value; else null
    private record At(ObjectState state, Phase phase, @Nullable ValuePlan value) implements Cursor {
        @Override
        public void step(int read, List<Cursor> next) {
            if (read == '"' && (phase == Phase.OPENED || phase == Phase.COMMA)) {
                state.beginKey(next);
            } else if (read == ':' && phase == Phase.KEY) {
                assert value != null;
                Gap.before(new Begin(state, value), state.plan.spaced(), next);
            } else if (read == ',' && phase == Phase.VALUE && state.mayGoOn()) {
                Gap.before(new Then(state, Phase.COMMA), state.plan.spaced(), next);
            } else if (read == '}' && (phase == Phase.OPENED || phase == Phase.VALUE) && state.mayClose()) {
                state.behind.resume(next);
            }
        }
    }

    /// The frame that continues with the cursor after `phase`.
    private static final class Then extends Frame {
        private final At at;

        Then(ObjectState state, Phase phase) {
            this.at = new At(state, phase, null);
        }

        @Override
        public void resume(List<Cursor> next) {
            next.add(at);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Then then && at.equals(then.at);
        }

        @Override
        public int hashCode() {
            return at.hashCode();
        }
    }

    /// The frame that begins the value of a key.
    private static final class Begin extends Frame {
        private final ObjectState state;
        private final ValuePlan value;

        Begin(ObjectState state, ValuePlan value) {
            this.state = state;
            this.value = value;
        }

        @Override
        public void resume(List<Cursor> next) {
            value.begin(new ValueEnd(state), next);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Begin begin && value == begin.value && state.equals(begin.state);
        }

        @Override
        public int hashCode() {
            return state.hash * 31 + System.identityHashCode(value);
        }
    }

    /// The frame that continues after a value.
    private static final class ValueEnd extends Frame {
        private final ObjectState state;

        ValueEnd(ObjectState state) {
            this.state = state;
        }

        @Override
        public void resume(List<Cursor> next) {
            Gap.before(new Then(state, Phase.VALUE), state.plan.spaced(), next);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ValueEnd end && state.equals(end.state);
        }

        @Override
        public int hashCode() {
            return state.hash;
        }
    }

    /// The cursor inside a key that has a name. The bytes so far are a common prefix of the sorted names `from` to `to`
    /// (exclusive); `depth` is the length of that prefix.
    private record Key(ObjectState state, int from, int to, int depth) implements Cursor {
        @Override
        public void step(int value, List<Cursor> next) {
            byte[][] names = state.plan.names();
            int low = from;
            while (low < to && (names[low][depth] & 0xFF) < value) {
                low++;
            }
            int high = low;
            while (high < to && (names[high][depth] & 0xFF) == value) {
                high++;
            }
            if (high - low == 1 && names[low].length == depth + 1) {
                if (state.mayTake(low)) {
                    next.add(new At(state.withName(low), Phase.KEY, state.plan.values()[low]));
                }
            } else if (state.mayTakeAny(low, high)) {
                next.add(new Key(state, low, high, depth + 1));
            }
        }
    }

    /// The frame that continues after a key of a class.
    private static final class KeyEnd extends Frame {
        private final ObjectState state;
        private final KeyClass keyClass;

        KeyEnd(ObjectState state, KeyClass keyClass) {
            this.state = state;
            this.keyClass = keyClass;
        }

        @Override
        public boolean wantsText() {
            return true;
        }

        @Override
        public void resume(List<Cursor> next) {
            if (!state.blind) {
                next.add(new At(state.withOther(null), Phase.KEY, keyClass.value()));
            }
        }

        @Override
        public void resume(Text text, List<Cursor> next) {
            byte[] bytes = text.bytes();
            if (!state.blind && !state.isForbidden(bytes)) {
                next.add(new At(state.withOther(bytes), Phase.KEY, keyClass.value()));
            }
        }

        @Override
        public Iterable<byte[]> forbidden() {
            return state.forbidden();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof KeyEnd end && keyClass == end.keyClass && state.equals(end.state);
        }

        @Override
        public int hashCode() {
            return state.hash + 7;
        }
    }
}
