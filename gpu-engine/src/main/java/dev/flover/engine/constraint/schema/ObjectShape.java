package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Objects that meet all of some conditions.
///
/// @param layers     each says for any key what its value has to be
/// @param required   keys
/// @param dependents by key: the keys that have to be there if it is
/// @param names      what every key has to be, as a string
/// @param some       each asks for a key with a value
/// @param min        keys, at least
/// @param max        keys, at most; -1 for no limit
record ObjectShape(
        List<Layer> layers, Set<String> required, Map<String, Set<String>> dependents, List<Formula> names,
        List<Some> some, int min, int max) {
    static final ObjectShape ANY =
            new ObjectShape(List.of(), Set.of(), Map.of(), List.of(), List.of(), 0, -1);

    /// What one schema says of the values of keys.
    ///
    /// @param others keys that are neither named nor match a pattern
    record Layer(Map<String, Formula> named, List<Pattern> patterns, Formula others) {
        static final Layer NONE = new Layer(Map.of(), List.of(), Formula.TRUE);
    }

    /// @param keys JSON strings
    record Pattern(Regex keys, Formula value) {}

    /// There is a key that is neither named nor matches a pattern, with such a value.
    ///
    /// @param within the keys among which it is, or null for all
    record Some(Set<String> named, List<Regex> patterns, Regex within, Formula value) {}

    ObjectShape and(ObjectShape other) {
        var bothRequired = new LinkedHashSet<>(required);
        bothRequired.addAll(other.required);
        var bothDependents = new LinkedHashMap<>(dependents);
        other.dependents.forEach((key, needs) -> bothDependents.merge(key, needs, (x, y) -> {
            var union = new LinkedHashSet<>(x);
            union.addAll(y);
            return union;
        }));
        return new ObjectShape(joined(layers, other.layers), bothRequired, bothDependents,
                joined(names, other.names), joined(some, other.some), Math.max(min, other.min),
                Limits.lesser(max, other.max));
    }

    private static <T> List<T> joined(List<T> first, List<T> second) {
        if (first.isEmpty() || first.equals(second)) {
            return second;
        }
        if (second.isEmpty()) {
            return first;
        }
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    ObjectShape with(Layer layer) {
        return new ObjectShape(joined(layers, List.of(layer)), required, dependents, names, some, min, max);
    }

    static ObjectShape having(String key, Formula value) {
        return new ObjectShape(List.of(new Layer(Map.of(key, value), List.of(), Formula.TRUE)), Set.of(key), Map.of(),
                List.of(), List.of(), 0, -1);
    }

    static ObjectShape lacking(String key) {
        return ANY.with(new Layer(Map.of(key, Formula.FALSE), List.of(), Formula.TRUE));
    }

    static ObjectShape counting(int min, int max) {
        return new ObjectShape(List.of(), Set.of(), Map.of(), List.of(), List.of(), min, max);
    }

    static ObjectShape having(Some key) {
        return new ObjectShape(List.of(), Set.of(), Map.of(), List.of(), List.of(key), 0, -1);
    }

    /// All other objects, as alternatives.
    List<ObjectShape> negated() {
        var ways = new ArrayList<ObjectShape>();
        required.forEach(key -> ways.add(lacking(key)));
        for (var layer : layers) {
            layer.named.forEach((key, value) -> {
                if (!value.equals(Formula.TRUE)) {
                    ways.add(having(key, Formula.not(value)));
                }
            });
            for (var pattern : layer.patterns) {
                if (!pattern.value.equals(Formula.TRUE)) {
                    ways.add(having(new Some(Set.of(), List.of(), pattern.keys, Formula.not(pattern.value))));
                }
            }
            if (!layer.others.equals(Formula.TRUE)) {
                ways.add(having(new Some(layer.named.keySet(),
                        layer.patterns.stream().map(Pattern::keys).toList(), null, Formula.not(layer.others))));
            }
        }
        dependents.forEach((key, needs) -> needs.forEach(
                need -> ways.add(having(key, Formula.TRUE).and(lacking(need)))));
        if (min > 0) {
            ways.add(counting(0, min - 1));
        }
        if (max >= 0) {
            ways.add(counting(max + 1, -1));
        }
        if (!names.isEmpty() || !some.isEmpty()) {
            throw new NegationException("of propertyNames, or of a negation in turn,");
        }
        return ways;
    }
}
