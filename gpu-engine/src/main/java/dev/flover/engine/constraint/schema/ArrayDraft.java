package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.json.ArrayPlan;
import dev.flover.engine.constraint.json.TextPlan;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Numbers;
import dev.flover.engine.constraint.regex.Regex;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An [ArrayShape] whose items have places, before it is known which places can have a value. It becomes an
/// [ArrayPlan].
final class ArrayDraft {
    private final ArrayShape shape;
    private final Planner planner;
    private final List<List<Way>> first = new ArrayList<>();
    private final List<Way> rest;
    private final @Nullable TextPlan unique;

    /// @param counted bit i is set if such an item counts towards the shape's `contains[i]`
    private record Way(Planner.Place place, int counted) {}

    ArrayDraft(ArrayShape shape, Planner planner) {
        this.shape = shape;
        this.planner = planner;
        if (shape.contains().size() > Limits.MAX_CONTAINS) {
            throw new ConstraintException("json_schema: more than " + Limits.MAX_CONTAINS
                    + " contains keywords for one array are not supported");
        }
        int firsts = shape.max() < 0 ? shape.firsts() : Math.min(shape.firsts(), shape.max());
        for (int i = 0; i < firsts; i++) {
            first.add(ways(shape.at(i)));
        }
        boolean longer = shape.max() < 0 || shape.max() > firsts;
        this.rest = longer ? ways(shape.at(shape.firsts())) : List.of();
        this.unique = shape.unique() && (shape.max() < 0 || shape.max() > 1) ? unique() : null;
    }

    private List<Way> ways(Formula item) {
        var ways = new ArrayList<Way>();
        int kinds = shape.contains().size();
        for (int counted = 0; counted < 1 << kinds; counted++) {
            var formula = item;
            for (int i = 0; i < kinds; i++) {
                var contains = shape.contains().get(i);
                if ((counted >> i & 1) != 0) {
                    formula = Formula.and(formula, contains.item());
                } else if (contains.max() >= 0) {
                    formula = Formula.and(formula, Formula.not(contains.item()));
                }
            }
            if (!formula.equals(Formula.FALSE)) {
                ways.add(new Way(planner.place(formula), counted));
            }
        }
        return ways;
    }

    private @Nullable TextPlan unique() {
        if (!first.isEmpty() || !shape.contains().isEmpty()) {
            throw new ConstraintException("json_schema: uniqueItems with prefixItems or contains is not supported");
        }
        if (rest.isEmpty()) {
            return null;
        }
        var values = planner.expansion().values(shape.at(0));
        if (!values.objects().isEmpty() || !values.arrays().isEmpty()) {
            throw new ConstraintException("json_schema: uniqueItems is supported where items are strings, numbers,"
                    + " true, false or null; here they can be objects or arrays");
        }
        var numbers = values.numbers().equals(Numbers.ANY) ? Numbers.CANONICAL
                : Regex.and(values.numbers(), Numbers.CANONICAL);
        var texts = new ArrayList<Regex>(List.of(values.strings(), numbers));
        String[] literals = {"null", "false", "true"};
        for (int i = 0; i < literals.length; i++) {
            if ((values.literals() >> i & 1) != 0) {
                texts.add(Regex.text(literals[i]));
            }
        }
        var regex = Regex.or(texts);
        var dfa = planner.automaton(regex);
        return dfa.start() == Dfa.DEAD ? null : new TextPlan(regex, dfa);
    }

    private List<Way> at(int index) {
        return index < first.size() ? first.get(index) : rest;
    }

    private boolean hasWay(List<Way> ways) {
        return ways.stream().anyMatch(way -> way.place.productive);
    }

    /// The most items that such an array can have; -1 for no limit.
    private int longest() {
        for (int i = 0; i < first.size(); i++) {
            if (!hasWay(first.get(i))) {
                return i;
            }
        }
        int most = hasWay(rest) ? shape.max() : first.size();
        if (unique != null) {
            most = Limits.lesser(most, unique.count(Math.max(shape.min(), 1_000)));
        }
        for (int i = 0; i < shape.contains().size(); i++) {
            int bit = 1 << i;
            boolean always = rest.stream().noneMatch(way -> way.place.productive && (way.counted & bit) == 0);
            if (always && first.isEmpty()) {
                most = Limits.lesser(most, shape.contains().get(i).max());
            }
        }
        return most;
    }

    boolean isProductive() {
        int longest = longest();
        if (longest >= 0 && longest < shape.min()) {
            return false;
        }
        int total = 0;
        for (int i = 0; i < shape.contains().size(); i++) {
            int bit = 1 << i;
            var contains = shape.contains().get(i);
            total += contains.min();
            if (contains.max() >= 0 && contains.max() < contains.min()) {
                return false;
            }
            if (contains.min() > 0
                    && rest.stream().noneMatch(way -> way.place.productive && (way.counted & bit) != 0)) {
                return false;
            }
        }
        return longest < 0 || total <= longest;
    }

    ArrayPlan plan(boolean spaced) {
        var counts = shape.contains().stream().map(one -> new ArrayPlan.Count(one.min(), one.max())).toList();
        return new ArrayPlan(first.stream().map(ArrayDraft::planned).toList(), planned(rest), shape.min(), longest(),
                counts, unique, spaced);
    }

    private static List<ArrayPlan.Way> planned(List<Way> ways) {
        return ways.stream().filter(way -> way.place.productive)
                .map(way -> new ArrayPlan.Way(way.place.plan, way.counted)).toList();
    }
}
