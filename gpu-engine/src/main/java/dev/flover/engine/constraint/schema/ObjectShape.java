package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The set of the objects that satisfy all of these conditions.
///
/// @param layers     the formulas of the keys' values, one layer for each schema; a value must satisfy every layer
/// @param required   the keys that must be present
/// @param dependents by key: the keys that must be present if that key is
/// @param names      the formulas that every key, as a string, must satisfy
/// @param some       conditions that each require some key with a certain value
/// @param min        the fewest keys
/// @param max        the most keys; -1 for no limit
record ObjectShape(
        List<Layer> layers, Set<String> required, Map<String, Set<String>> dependents, List<Formula> names,
        List<Some> some, int min, int max) {
    static final ObjectShape ANY =
            new ObjectShape(List.of(), Set.of(), Map.of(), List.of(), List.of(), 0, -1);

    /// The requirements of one schema for the values of keys.
    ///
    /// @param others the formula of the values of keys that are not named and match no pattern
    record Layer(Map<String, Formula> named, List<Pattern> patterns, Formula others) {
        static final Layer NONE = new Layer(Map.of(), List.of(), Formula.TRUE);
    }

    /// @param keys the language of the keys, as JSON strings
    record Pattern(Regex keys, Formula value) {}

    /// Requires at least one key that is neither in `named` nor matches one of `patterns`, and whose value satisfies
    /// the formula.
    ///
    /// @param within the language of the keys that can fulfil the condition; null for all keys
    record Some(Set<String> named, List<Regex> patterns, @Nullable Regex within, Formula value) {}

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

    /// The complement of this set among objects, as a union of shapes.
    ///
    /// @throws NegationException if the complement is no such union
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
            throw new NegationException("of propertyNames, or of another negation,");
        }
        return ways;
    }
}
