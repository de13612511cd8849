package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.json.KeyClass;
import dev.flover.engine.constraint.json.ObjectPlan;
import dev.flover.engine.constraint.json.ObjectPlanBuilder;
import dev.flover.engine.constraint.json.TextPlan;
import dev.flover.engine.constraint.json.ValuePlan;
import dev.flover.engine.constraint.regex.Alphabet;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Regex;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An [ObjectShape] whose keys have places for their values, before it is known which places can have a value. It
/// becomes an [ObjectPlan].
final class ObjectDraft {
    /// The most keys of a class that are counted.
    private static final int MAX_COUNTED = 1_000;

    private final ObjectShape shape;
    private final Planner planner;
    private final Map<String, Planner.Place> named = new LinkedHashMap<>();
    private final List<Group> groups = new ArrayList<>();

    /// The keys without a name of their own that match the same patterns.
    ///
    /// @param count the number of these keys; -1 if they are more than [#MAX_COUNTED]
    private record Group(TextPlan keys, int count, Planner.Place value) {}

    private ObjectDraft(ObjectShape shape, Planner planner) {
        this.shape = shape;
        this.planner = planner;
        Regex names = names();
        Dfa allowed = names.equals(Alphabet.STRING) ? null : planner.automaton(names);
        for (String key : keys(shape)) {
            boolean possible = allowed == null || allowed.matches(Alphabet.JSON.write(key));
            named.put(key, planner.place(possible ? planner.expansion().value(shape, key) : Formula.FALSE));
        }
        var patterns = new LinkedHashSet<Regex>();
        shape.layers().forEach(layer -> layer.patterns().forEach(pattern -> patterns.add(pattern.keys())));
        if (patterns.size() > Limits.MAX_PATTERNS) {
            throw new TooComplexException("more than " + Limits.MAX_PATTERNS + " patterns of keys for one object");
        }
        group(List.copyOf(patterns), 0, names, new ArrayList<>());
    }

    /// The drafts of a shape. A shape that asks for some key out of several becomes one draft for each of these keys.
    ///
    /// @throws NegationException if the key might also be one without a name
    static List<ObjectDraft> of(ObjectShape shape, Planner planner) {
        if (shape.some().isEmpty()) {
            return List.of(new ObjectDraft(shape, planner));
        }
        var some = shape.some().getFirst();
        var rest = new ObjectShape(shape.layers(), shape.required(), shape.dependents(), shape.names(),
                shape.some().subList(1, shape.some().size()), shape.min(), shape.max());
        var drafts = new ArrayList<ObjectDraft>();
        for (String key : keys(shape)) {
            if (couldBe(some, key)) {
                drafts.addAll(of(rest.and(ObjectShape.having(key, some.value())), planner));
            }
        }
        if (!new ObjectDraft(rest, planner).isClosedTo(some)) {
            throw new NegationException("of the values of keys that are not named");
        }
        return drafts;
    }

    private static boolean couldBe(ObjectShape.Some some, String key) {
        byte[] written = Alphabet.JSON.write(key);
        return !some.named().contains(key)
                && (some.within() == null || new Dfa(some.within()).matches(written))
                && some.patterns().stream().noneMatch(pattern -> new Dfa(pattern).matches(written));
    }

    /// Whether no key without a name can satisfy the condition.
    private boolean isClosedTo(ObjectShape.Some some) {
        return groups.stream().allMatch(group -> planner.expansion()
                .values(Formula.and(group.value.formula, some.value())).equals(Values.NONE));
    }

    private static Set<String> keys(ObjectShape shape) {
        var keys = new LinkedHashSet<String>();
        shape.layers().forEach(layer -> keys.addAll(layer.named().keySet()));
        keys.addAll(shape.required());
        shape.dependents().forEach((key, needs) -> {
            keys.add(key);
            keys.addAll(needs);
        });
        return keys;
    }

    private Regex names() {
        var all = Alphabet.STRING;
        for (var name : shape.names()) {
            var strings = planner.expansion().values(name).strings();
            all = all.equals(Alphabet.STRING) ? strings : Regex.and(all, strings);
        }
        return all;
    }

    /// Adds a group for each combination of patterns that a key can match: each of `patterns` from index `next` on is
    /// either matched or not.
    ///
    /// @param keys    the keys that match `matched` and none of the other patterns before `next`
    /// @param matched the patterns that these keys match
    private void group(List<Regex> patterns, int next, Regex keys, List<Regex> matched) {
        if (next < patterns.size()) {
            var pattern = patterns.get(next);
            var inside = keys.equals(Alphabet.STRING) ? pattern : Regex.and(keys, pattern);
            var with = new ArrayList<>(matched);
            with.add(pattern);
            group(patterns, next + 1, inside, with);
            group(patterns, next + 1, Regex.and(keys, Regex.not(pattern)), matched);
            return;
        }
        var parts = new ArrayList<Formula>();
        for (var layer : shape.layers()) {
            boolean any = false;
            for (var pattern : layer.patterns()) {
                if (matched.contains(pattern.keys())) {
                    parts.add(pattern.value());
                    any = true;
                }
            }
            if (!any) {
                parts.add(layer.others());
            }
        }
        var formula = Formula.and(parts);
        if (formula.equals(Formula.FALSE) || keys.equals(Regex.NOTHING)) {
            return;
        }
        var dfa = planner.automaton(keys);
        if (dfa.start() != Dfa.DEAD) {
            var text = new TextPlan(keys, dfa);
            groups.add(new Group(text, count(text), planner.place(formula)));
        }
    }

    /// The number of keys that an automaton accepts, without the keys that the schema names; -1 for more than
    /// [#MAX_COUNTED].
    private int count(TextPlan keys) {
        int all = keys.count(MAX_COUNTED);
        if (all >= 0) {
            for (String key : named.keySet()) {
                all -= keys.matches(Alphabet.JSON.write(key)) ? 1 : 0;
            }
        }
        return all;
    }

    /// The key and all keys that must be present if it is; null if one of them can have no value.
    private @Nullable Set<String> closure(String key) {
        var all = new LinkedHashSet<String>();
        var open = new ArrayList<String>(List.of(key));
        while (!open.isEmpty()) {
            String one = open.removeLast();
            if (!Objects.requireNonNull(named.get(one)).productive) {
                return null;
            }
            if (all.add(one)) {
                open.addAll(shape.dependents().getOrDefault(one, Set.of()));
            }
        }
        return all;
    }

    boolean isProductive() {
        var needed = new LinkedHashSet<String>();
        for (String key : shape.required()) {
            var closure = closure(key);
            if (closure == null) {
                return false;
            }
            needed.addAll(closure);
        }
        if (shape.max() >= 0 && shape.max() < Math.max(needed.size(), shape.min())) {
            return false;
        }
        return shape.min() <= available();
    }

    private int available() {
        long available = named.keySet().stream().filter(key -> closure(key) != null).count();
        for (var group : groups) {
            if (group.value.productive) {
                if (group.count < 0) {
                    return Integer.MAX_VALUE;
                }
                available += group.count;
            }
        }
        return (int) available;
    }

    ObjectPlan plan(boolean spaced) {
        byte[][] names = named.keySet().stream().map(Alphabet.JSON::write).sorted(Arrays::compareUnsigned)
                .toArray(byte[][]::new);
        var index = new LinkedHashMap<String, Integer>();
        for (String key : named.keySet()) {
            index.put(key, Arrays.binarySearch(names, Alphabet.JSON.write(key), Arrays::compareUnsigned));
        }
        int words = (names.length + 63) / 64;
        var values = new ValuePlan[names.length];
        long[][] needs = new long[names.length][];
        named.forEach((key, place) -> {
            var closure = closure(key);
            if (closure != null) {
                int at = Objects.requireNonNull(index.get(key));
                values[at] = place.plan;
                needs[at] = closure.size() == 1 ? null : bits(closure, index, words);
            }
        });
        var required = new LinkedHashSet<String>();
        shape.required().forEach(key -> required.addAll(Objects.requireNonNull(closure(key))));
        var classes = groups.stream().filter(group -> group.value.productive && group.count != 0)
                .map(group -> new KeyClass(group.keys, group.value.plan)).toList();
        return ObjectPlanBuilder.builder().names(names).values(values).required(bits(required, index, words))
                .needs(needs).classes(classes).min(shape.min()).max(shape.max()).spaced(spaced).build();
    }

    private static long[] bits(Set<String> keys, Map<String, Integer> index, int words) {
        long[] bits = new long[words];
        for (String key : keys) {
            int at = Objects.requireNonNull(index.get(key));
            bits[at >> 6] |= 1L << at;
        }
        return bits;
    }
}
