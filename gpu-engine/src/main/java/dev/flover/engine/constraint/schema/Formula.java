package dev.flover.engine.constraint.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A condition on the value in one place of a document: subschemas and constants, joined by "and" and "not". Equal
/// formulas are planned once.
sealed interface Formula {
    Formula TRUE = new All(Set.of());
    Formula FALSE = new Not(TRUE);

    /// Satisfied by the values that a subschema accepts.
    record Is(SchemaLocation schema) implements Formula {}

    /// Satisfied by one value only.
    record Constant(JsonNode value) implements Formula {}

    record Not(Formula inner) implements Formula {}

    record All(Set<Formula> parts) implements Formula {}

    static Formula not(Formula inner) {
        return inner instanceof Not(Formula formula) ? formula : new Not(inner);
    }

    static Formula and(List<Formula> parts) {
        var distinct = new LinkedHashSet<Formula>();
        for (var part : parts) {
            if (part instanceof All(Set<Formula> inner)) {
                distinct.addAll(inner);
            } else {
                distinct.add(part);
            }
        }
        if (distinct.contains(FALSE)) {
            return FALSE;
        }
        return distinct.size() == 1 ? distinct.getFirst() : new All(distinct);
    }

    static Formula and(Formula first, Formula second) {
        return first.equals(TRUE) ? second : second.equals(TRUE) ? first : and(List.of(first, second));
    }
}
