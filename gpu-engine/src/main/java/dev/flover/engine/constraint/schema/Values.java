package dev.flover.engine.constraint.schema;

import dev.flover.engine.constraint.regex.Alphabet;
import dev.flover.engine.constraint.regex.Numbers;
import dev.flover.engine.constraint.regex.Regex;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.BiPredicate;

/// A set of JSON values, given separately for each type. The children of objects and arrays are still formulas.
///
/// @param literals the bits [#NULL], [#FALSE] and [#TRUE]
/// @param strings  the language of the strings, written as JSON
/// @param numbers  the language of the numbers, written as JSON
record Values(int literals, Regex strings, Regex numbers, List<ObjectShape> objects, List<ArrayShape> arrays) {
    static final int NULL = 1;
    static final int FALSE = 2;
    static final int TRUE = 4;

    static final Values NONE = new Values(0, Regex.NOTHING, Regex.NOTHING, List.of(), List.of());
    static final Values ALL = new Values(NULL | FALSE | TRUE, Alphabet.STRING, Numbers.ANY, List.of(ObjectShape.ANY),
            List.of(ArrayShape.ANY));

    Values and(Values other) {
        if (this == ALL) {
            return other;
        }
        if (other == ALL) {
            return this;
        }
        var bothObjects = new LinkedHashSet<ObjectShape>();
        for (var mine : objects) {
            for (var theirs : other.objects) {
                bothObjects.add(mine.equals(theirs) ? mine : mine.and(theirs));
            }
            limited(bothObjects.size());
        }
        var bothArrays = new LinkedHashSet<ArrayShape>();
        for (var mine : arrays) {
            for (var theirs : other.arrays) {
                bothArrays.add(mine.equals(theirs) ? mine : mine.and(theirs));
            }
            limited(bothArrays.size());
        }
        return new Values(literals & other.literals, meet(strings, other.strings, Alphabet.STRING),
                meet(numbers, other.numbers, Numbers.ANY), List.copyOf(bothObjects), List.copyOf(bothArrays));
    }

    private static Regex meet(Regex mine, Regex theirs, Regex all) {
        return mine.equals(all) ? theirs : theirs.equals(all) ? mine : Regex.and(mine, theirs);
    }

    private static void limited(int alternatives) {
        if (alternatives > Limits.MAX_ALTERNATIVES) {
            throw new TooComplexException("more than " + Limits.MAX_ALTERNATIVES + " alternatives for one value");
        }
    }

    Values or(Values other) {
        var bothObjects = new LinkedHashSet<>(objects);
        bothObjects.addAll(other.objects);
        var bothArrays = new LinkedHashSet<>(arrays);
        bothArrays.addAll(other.arrays);
        limited(bothObjects.size());
        limited(bothArrays.size());
        return new Values(literals | other.literals, join(strings, other.strings, Alphabet.STRING),
                join(numbers, other.numbers, Numbers.ANY), List.copyOf(bothObjects), List.copyOf(bothArrays));
    }

    private static Regex join(Regex mine, Regex theirs, Regex all) {
        return mine.equals(all) || theirs.equals(all) ? all : Regex.or(mine, theirs);
    }

    /// The difference of the sets.
    ///
    /// @param apart whether two sets have no value in common; may answer false if this is not known
    /// @throws NegationException if the difference cannot be written as such a set
    Values minus(Values other, BiPredicate<Values, Values> apart) {
        var leftObjects = new ArrayList<>(objects);
        for (var shape : other.objects) {
            var next = new LinkedHashSet<ObjectShape>();
            for (var mine : leftObjects) {
                if (apart.test(of(mine), of(shape))) {
                    next.add(mine);
                } else if (!shape.equals(ObjectShape.ANY)) {
                    shape.negated().forEach(way -> next.add(mine.and(way)));
                }
                limited(next.size());
            }
            leftObjects = new ArrayList<>(next);
        }
        var leftArrays = new ArrayList<>(arrays);
        for (var shape : other.arrays) {
            var next = new LinkedHashSet<ArrayShape>();
            for (var mine : leftArrays) {
                if (apart.test(of(mine), of(shape))) {
                    next.add(mine);
                } else if (!shape.equals(ArrayShape.ANY)) {
                    shape.negated().forEach(way -> next.add(mine.and(way)));
                }
                limited(next.size());
            }
            leftArrays = new ArrayList<>(next);
        }
        return new Values(literals & ~other.literals, without(strings, other.strings, Alphabet.STRING, Regex.ANY),
                without(numbers, other.numbers, Numbers.ANY, Numbers.CANONICAL), leftObjects, leftArrays);
    }

    static Values of(ObjectShape shape) {
        return new Values(0, Regex.NOTHING, Regex.NOTHING, List.of(shape), List.of());
    }

    static Values of(ArrayShape shape) {
        return new Values(0, Regex.NOTHING, Regex.NOTHING, List.of(), List.of(shape));
    }

    /// @param comparable a language with exactly one spelling of each value, within which values are compared
    private static Regex without(Regex mine, Regex theirs, Regex all, Regex comparable) {
        if (theirs.equals(Regex.NOTHING) || mine.equals(Regex.NOTHING)) {
            return mine;
        }
        return theirs.equals(all) ? Regex.NOTHING : Regex.and(List.of(mine, comparable, Regex.not(theirs)));
    }
}
