package dev.flover.engine.constraint.schema;

import java.util.ArrayList;
import java.util.List;

/// The set of the arrays that satisfy all of these conditions.
///
/// @param layers   the formulas of the items, one layer for each schema; an item must satisfy every layer
/// @param contains the limits on how many items satisfy a formula
/// @param unique   whether all items must differ
/// @param min      the fewest items
/// @param max      the most items; -1 for no limit
record ArrayShape(List<Layer> layers, List<Contains> contains, boolean unique, int min, int max) {
    static final ArrayShape ANY = new ArrayShape(List.of(), List.of(), false, 0, -1);

    /// The requirements of one schema for the items.
    ///
    /// @param first  the formulas of the first items, by index
    /// @param others the formula of all further items
    record Layer(List<Formula> first, Formula others) {
        Formula at(int index) {
            return index < first.size() ? first.get(index) : others;
        }
    }

    /// The limits on the number of items that satisfy a formula.
    ///
    /// @param max -1 for no limit
    record Contains(Formula item, int min, int max) {}

    ArrayShape and(ArrayShape other) {
        var bothLayers = new ArrayList<>(layers);
        bothLayers.addAll(other.layers);
        var bothContains = new ArrayList<>(contains);
        bothContains.addAll(other.contains);
        return new ArrayShape(bothLayers, bothContains, unique || other.unique, Math.max(min, other.min),
                Limits.lesser(max, other.max));
    }

    int firsts() {
        return layers.stream().mapToInt(layer -> layer.first.size()).max().orElse(0);
    }

    Formula at(int index) {
        return Formula.and(layers.stream().map(layer -> layer.at(index)).toList());
    }

    private static ArrayShape counting(int min, int max) {
        return new ArrayShape(List.of(), List.of(), false, min, max);
    }

    /// The complement of this set among arrays, as a union of shapes.
    ///
    /// @throws NegationException if the complement is no such union
    List<ArrayShape> negated() {
        var ways = new ArrayList<ArrayShape>();
        if (unique) {
            throw new NegationException("of uniqueItems");
        }
        if (min > 0) {
            ways.add(counting(0, min - 1));
        }
        if (max >= 0) {
            ways.add(counting(max + 1, -1));
        }
        for (var layer : layers) {
            for (int i = 0; i < layer.first.size(); i++) {
                if (!layer.first.get(i).equals(Formula.TRUE)) {
                    ways.add(havingAt(i, Formula.not(layer.first.get(i))));
                }
            }
            if (layer.others.equals(Formula.FALSE)) {
                ways.add(counting(layer.first.size() + 1, -1));
            } else if (!layer.others.equals(Formula.TRUE)) {
                if (!layer.first.isEmpty()) {
                    throw new NegationException("of items after prefixItems");
                }
                ways.add(containing(Formula.not(layer.others), 1, -1));
            }
        }
        for (var one : contains) {
            if (one.min > 0) {
                ways.add(containing(one.item, 0, one.min - 1));
            }
            if (one.max >= 0) {
                ways.add(containing(one.item, one.max + 1, -1));
            }
        }
        return ways;
    }

    private static ArrayShape containing(Formula item, int min, int max) {
        return new ArrayShape(List.of(), List.of(new Contains(item, min, max)), false, 0, -1);
    }

    private static ArrayShape havingAt(int index, Formula item) {
        var first = new ArrayList<Formula>();
        for (int i = 0; i < index; i++) {
            first.add(Formula.TRUE);
        }
        first.add(item);
        return new ArrayShape(List.of(new Layer(first, Formula.TRUE)), List.of(), false, index + 1, -1);
    }
}
