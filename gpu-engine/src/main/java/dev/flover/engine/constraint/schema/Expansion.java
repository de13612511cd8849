package dev.flover.engine.constraint.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.constraint.machine.ConstraintException;
import dev.flover.engine.constraint.regex.Alphabet;
import dev.flover.engine.constraint.regex.Dfa;
import dev.flover.engine.constraint.regex.Numbers;
import dev.flover.engine.constraint.regex.Regex;
import dev.flover.engine.constraint.regex.TooComplexException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Expands the formula of a place to a set of values: combines all keywords that apply to the place.
final class Expansion {
    /// The depth of children that is searched to prove that two alternatives have no value in common.
    private static final int MAX_APART_DEPTH = 4;

    private final SchemaDocument document;
    private final Keywords keywords;
    private final Map<Formula, Values> known = new HashMap<>();
    private final Set<Formula> open = new LinkedHashSet<>();

    Expansion(SchemaDocument document) {
        this.document = document;
        this.keywords = new Keywords(document);
    }

    /// Thrown while expanding a formula that depends on itself at the same place, by `$ref`, `allOf` or the like.
    private static final class CycleException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /// The set of values that satisfy a formula.
    ///
    /// @throws ConstraintException if the schema cannot be used
    Values values(Formula formula) {
        try {
            return expand(formula);
        } catch (CycleException e) {
            throw new ConstraintException("json_schema: the schema at " + place(formula)
                    + " refers to itself by $ref or allOf at the same place, so it describes no value", e);
        }
    }

    private static String place(Formula formula) {
        return switch (formula) {
            case Formula.Is is -> "\"" + is.schema().pointer() + "\"";
            case Formula.Constant constant -> "a constant";
            case Formula.Not not -> place(not.inner());
            case Formula.All all -> all.parts().isEmpty() ? "\"\"" : place(all.parts().iterator().next());
        };
    }

    private Values expand(Formula formula) {
        var found = known.get(formula);
        if (found != null) {
            return found;
        }
        if (known.size() > Limits.MAX_FORMULAS) {
            throw new TooComplexException("it has more than " + Limits.MAX_FORMULAS
                    + " subschemas, counting each combination");
        }
        if (!open.add(formula)) {
            throw new CycleException();
        }
        try {
            found = switch (formula) {
                case Formula.Is is -> schema(is.schema());
                case Formula.Constant constant -> constant(constant.value());
                case Formula.Not not -> Values.ALL.minus(expand(not.inner()), this::areApart);
                case Formula.All all -> {
                    var both = Values.ALL;
                    for (var part : all.parts()) {
                        both = both.and(expand(part));
                    }
                    yield both;
                }
            };
        } finally {
            open.remove(formula);
        }
        known.put(formula, found);
        return found;
    }

    private Values schema(SchemaLocation schema) {
        var node = schema.node;
        if (node.has("$ref")) {
            var target = expand(document.reference(schema, "$ref"));
            if (document.isOld()) {
                return target;
            }
            return target.and(withoutReference(schema));
        }
        return withoutReference(schema);
    }

    private Values withoutReference(SchemaLocation schema) {
        var node = schema.node;
        var values = keywords.read(schema);
        if (node.has("const")) {
            values = values.and(constant(node.get("const")));
        }
        if (node.has("enum")) {
            values = values.and(anyOf(schema, node.get("enum")));
        }
        if (node.has("allOf")) {
            for (var part : keywords.children(schema, "allOf")) {
                values = values.and(expand(part));
            }
        }
        if (node.has("anyOf")) {
            var any = Values.NONE;
            for (var part : keywords.children(schema, "anyOf")) {
                any = any.or(expand(part));
            }
            values = values.and(any);
        }
        if (node.has("oneOf")) {
            values = oneOf(schema, values);
        }
        if (node.has("not")) {
            values = minus(schema, "not", values, expand(keywords.child(schema, "not")));
        }
        if (node.has("if")) {
            values = conditional(schema, values);
        }
        for (String keyword : List.of("dependentSchemas", "dependencies")) {
            for (var entry : node.path(keyword).properties()) {
                if (!entry.getValue().isArray()) {
                    values = values.and(dependent(schema, keyword, entry));
                }
            }
        }
        return values;
    }

    private Values minus(SchemaLocation schema, String keyword, Values values, Values other) {
        try {
            return values.minus(other, this::areApart);
        } catch (NegationException e) {
            throw schema.unsupported(keyword, e.getMessage());
        }
    }

    private Values anyOf(SchemaLocation schema, JsonNode list) {
        if (!list.isArray()) {
            throw schema.wrong("enum", "a list");
        }
        int literals = 0;
        var strings = new ArrayList<byte[]>();
        var numbers = new ArrayList<byte[]>();
        var others = Values.NONE;
        for (var value : list) {
            if (value.isTextual()) {
                strings.add(Alphabet.JSON.write(value.asText()));
            } else if (value.isNumber()) {
                numbers.add(Numbers.spell(value.decimalValue()).getBytes(StandardCharsets.US_ASCII));
            } else if (value.isContainerNode()) {
                others = others.or(constant(value));
            } else {
                literals |= literal(value);
            }
        }
        return others.or(new Values(literals, Regex.words(strings), Regex.words(numbers), List.of(), List.of()));
    }

    private static int literal(JsonNode value) {
        return value.isNull() ? Values.NULL : value.booleanValue() ? Values.TRUE : Values.FALSE;
    }

    private static Values constant(JsonNode value) {
        if (value.isObject()) {
            var named = new LinkedHashMap<String, Formula>();
            value.properties().forEach(entry -> named.put(entry.getKey(), new Formula.Constant(entry.getValue())));
            return Values.of(new ObjectShape(List.of(new ObjectShape.Layer(named, List.of(), Formula.FALSE)),
                    named.keySet(), Map.of(), List.of(), List.of(), 0, -1));
        }
        if (value.isArray()) {
            var items = new ArrayList<Formula>();
            value.forEach(item -> items.add(new Formula.Constant(item)));
            return Values.of(new ArrayShape(List.of(new ArrayShape.Layer(items, Formula.FALSE)), List.of(), false,
                    items.size(), items.size()));
        }
        if (value.isTextual()) {
            return new Values(0, Regex.words(List.of(Alphabet.JSON.write(value.asText()))), Regex.NOTHING, List.of(),
                    List.of());
        }
        if (value.isNumber()) {
            return new Values(0, Regex.NOTHING, Regex.text(Numbers.spell(value.decimalValue())), List.of(), List.of());
        }
        return new Values(literal(value), Regex.NOTHING, Regex.NOTHING, List.of(), List.of());
    }

    /// The union of the alternatives, each without the values that it has in common with another one.
    private Values oneOf(SchemaLocation schema, Values values) {
        var alternatives = new ArrayList<Values>();
        for (var part : keywords.children(schema, "oneOf")) {
            alternatives.add(expand(part).and(values));
        }
        var any = Values.NONE;
        for (int i = 0; i < alternatives.size(); i++) {
            var alone = alternatives.get(i);
            for (int j = 0; j < alternatives.size(); j++) {
                if (i != j && !isSurelyEmpty(alternatives.get(i).and(alternatives.get(j)), 0)) {
                    alone = minus(schema, "oneOf", alone, alternatives.get(j));
                }
            }
            any = any.or(alone);
        }
        return any;
    }

    private Values conditional(SchemaLocation schema, Values values) {
        var condition = expand(keywords.child(schema, "if"));
        var then = schema.node.has("then") ? expand(keywords.child(schema, "then")) : Values.ALL;
        var otherwise = schema.node.has("else") ? expand(keywords.child(schema, "else")) : Values.ALL;
        if (then == Values.ALL && otherwise == Values.ALL) {
            return values;
        }
        return values.and(condition).and(then)
                .or(minus(schema, "if", values.and(otherwise), condition));
    }

    private Values dependent(SchemaLocation schema, String keyword, Map.Entry<String, JsonNode> entry) {
        var inner = expand(keywords.child(schema, keyword, entry));
        var lacking = new Values(Values.ALL.literals(), Values.ALL.strings(), Values.ALL.numbers(),
                List.of(ObjectShape.lacking(entry.getKey())), Values.ALL.arrays());
        return lacking.or(inner.and(Values.of(ObjectShape.having(entry.getKey(), Formula.TRUE))));
    }

    private boolean areApart(Values one, Values other) {
        return isSurelyEmpty(one.and(other), 0);
    }

    /// Whether the set is empty; false if this is not known.
    private boolean isSurelyEmpty(Values values, int level) {
        return values.literals() == 0 && isEmpty(values.strings()) && isEmpty(values.numbers())
                && values.objects().stream().allMatch(shape -> isSurelyEmpty(shape, level))
                && values.arrays().stream().allMatch(shape -> isSurelyEmpty(shape, level));
    }

    static boolean isEmpty(Regex regex) {
        return regex.equals(Regex.NOTHING) || new Dfa(regex).start() == Dfa.DEAD;
    }

    private boolean isSurelyEmpty(ObjectShape shape, int level) {
        if (shape.max() >= 0 && shape.max() < Math.max(shape.min(), shape.required().size())) {
            return true;
        }
        if (level >= MAX_APART_DEPTH) {
            return false;
        }
        for (String key : shape.required()) {
            if (isSurelyEmpty(value(shape, key), level + 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean isSurelyEmpty(ArrayShape shape, int level) {
        if (shape.max() >= 0 && shape.max() < shape.min()) {
            return true;
        }
        if (level >= MAX_APART_DEPTH) {
            return false;
        }
        for (int i = 0; i < Math.min(shape.min(), shape.firsts() + 1); i++) {
            if (isSurelyEmpty(shape.at(i), level + 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean isSurelyEmpty(Formula formula, int level) {
        if (formula.equals(Formula.FALSE)) {
            return true;
        }
        if (formula.equals(Formula.TRUE)) {
            return false;
        }
        try {
            return isSurelyEmpty(expand(formula), level);
        } catch (CycleException | NegationException notKnown) {
            return false;
        }
    }

    /// The formula that the value of a key must satisfy.
    Formula value(ObjectShape shape, String key) {
        var parts = new ArrayList<Formula>();
        byte[] written = Alphabet.JSON.write(key);
        for (var layer : shape.layers()) {
            var named = layer.named().get(key);
            boolean matched = named != null;
            if (named != null) {
                parts.add(named);
            }
            for (var pattern : layer.patterns()) {
                if (matches(pattern.keys(), written)) {
                    parts.add(pattern.value());
                    matched = true;
                }
            }
            if (!matched) {
                parts.add(layer.others());
            }
        }
        return Formula.and(parts);
    }

    private final Map<Regex, Dfa> automata = new HashMap<>();

    private boolean matches(Regex regex, byte[] text) {
        return automata.computeIfAbsent(regex, Dfa::new).matches(text);
    }
}
