package dev.flover.topology.chat.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/// What may stand after `|`.
final class Filters {
    private static final int MAX_INDENT = 64;

    private Filters() {}

    static Object apply(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "trim" -> Methods.strip(Values.text(value), arguments.text(0, "chars", null), true, true);
            case "length", "count" -> Values.length(value);
            case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
            case "capitalize" -> Methods.capitalize(Values.text(value));
            case "title" -> Methods.title(Values.text(value));
            case "replace" -> Methods.replace(Values.text(value), Values.text(arguments.require(0, "old")),
                    Values.text(arguments.require(1, "new")), arguments.whole(2, "count", -1));
            case "string", "safe" -> Values.text(value);
            case "indent" -> indent(Values.text(value), arguments);
            case "default", "d" -> defaulted(value, arguments);
            case "tojson" -> json(value, arguments);
            case "int" -> integer(value, arguments.get(0, "default", 0L));
            case "float" -> real(value, arguments.get(0, "default", 0.0));
            case "abs" -> value instanceof Double number ? (Object) Math.abs(number) : Math.abs(Values.integer(value));
            case "round" -> round(value, arguments);
            default -> ofElements(name, value, arguments);
        };
    }

    private static Object ofElements(String name, Object value, Arguments arguments) {
        return switch (name) {
            case "list" -> Values.elements(value);
            case "first" -> edge(Values.elements(value), true);
            case "last" -> edge(Values.elements(value), false);
            case "reverse" -> value instanceof String text
                    ? new StringBuilder(text).reverse().toString()
                    : Values.elements(value).reversed();
            case "join" -> Methods.join(attributes(Values.elements(value), arguments.get(1, "attribute", null)),
                    Values.text(arguments.get(0, "d", "")));
            case "items" -> value instanceof Undefined ? List.of() : Methods.items(mapping(value));
            case "dictsort" -> sorted(Methods.items(mapping(value)), 0L, arguments.get(2, "reverse", false));
            case "sort" -> sorted(Values.elements(value), arguments.get(2, "attribute", null),
                    arguments.get(0, "reverse", false));
            case "unique" -> unique(Values.elements(value), arguments.get(1, "attribute", null));
            case "min" -> edge(sorted(Values.elements(value), arguments.get(1, "attribute", null), false), true);
            case "max" -> edge(sorted(Values.elements(value), arguments.get(1, "attribute", null), true), true);
            case "sum" -> attributes(Values.elements(value), arguments.get(0, "attribute", null)).stream()
                    .reduce(arguments.get(1, "start", 0L), (a, b) -> Operators.apply("+", a, b));
            case "map" -> map(Values.elements(value), arguments);
            case "select" -> kept(value, test(arguments, 0));
            case "reject" -> kept(value, test(arguments, 0).negate());
            case "selectattr" -> kept(value, attributeTest(arguments));
            case "rejectattr" -> kept(value, attributeTest(arguments).negate());
            default -> throw new JinjaException("the template uses the filter " + name + ", which is not supported");
        };
    }

    private static Object edge(List<Object> elements, boolean first) {
        if (elements.isEmpty()) {
            return new Undefined("an element of an empty list");
        }
        return first ? elements.getFirst() : elements.getLast();
    }

    private static Map<?, ?> mapping(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new JinjaException("the template takes the items of " + Values.kind(value));
    }

    private static Object defaulted(Object value, Arguments arguments) {
        boolean alsoFalse = Values.truth(arguments.get(1, "boolean", false));
        boolean missing = value instanceof Undefined || alsoFalse && !Values.truth(value);
        return missing ? arguments.get(0, "default_value", "") : value;
    }

    private static String json(Object value, Arguments arguments) {
        Object indent = arguments.get(1, "indent", null);
        String comma = ", ";
        String colon = ": ";
        if (arguments.get(2, "separators", null) instanceof List<?> separators && separators.size() == 2) {
            comma = Values.text(separators.get(0));
            colon = Values.text(separators.get(1));
        } else if (indent != null) {
            comma = ",";
        }
        Integer width = indent == null ? null : Math.clamp(Values.integer(indent), 0, MAX_INDENT);
        return new Json(width, Values.truth(arguments.get(3, "sort_keys", false)), comma, colon).write(value);
    }

    private static String indent(String text, Arguments arguments) {
        Object width = arguments.get(0, "width", 4L);
        String margin = width instanceof String given
                ? given
                : " ".repeat(Math.clamp(Values.integer(width), 0, MAX_INDENT));
        boolean first = Values.truth(arguments.get(1, "first", false));
        boolean blank = Values.truth(arguments.get(2, "blank", false));
        String[] lines = text.split("\n", -1);
        Budget.requireLength(text.length() + (double) margin.length() * lines.length);
        for (int i = 0; i < lines.length; i++) {
            boolean wanted = i == 0 ? first : blank || !lines[i].isEmpty();
            lines[i] = wanted ? margin + lines[i] : lines[i];
        }
        return String.join("\n", lines);
    }

    private static Object integer(Object value, Object otherwise) {
        try {
            return switch (value) {
                case Long number -> number;
                case Boolean flag -> flag ? 1L : 0L;
                case Double number -> number.longValue();
                case String text -> text.contains(".")
                        ? (Object) Double.valueOf(text.strip()).longValue()
                        : Long.valueOf(text.strip());
                case null, default -> otherwise;
            };
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    private static Object real(Object value, Object otherwise) {
        try {
            return value instanceof String text ? Double.valueOf(text.strip())
                    : Values.isNumber(value) ? (Object) Values.number(value) : otherwise;
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    private static double round(Object value, Arguments arguments) {
        int digits = Math.clamp(arguments.whole(0, "precision", 0), -20, 20);
        var mode = switch (arguments.text(1, "method", "common")) {
            case "common" -> RoundingMode.HALF_EVEN;
            case "ceil" -> RoundingMode.CEILING;
            case "floor" -> RoundingMode.FLOOR;
            case null, default -> throw new JinjaException("the template rounds in a way that is not supported");
        };
        double number = Values.number(value);
        return Double.isFinite(number) ? new BigDecimal(number).setScale(digits, mode).doubleValue() : number;
    }

    private static List<Object> attributes(List<Object> elements, Object attribute) {
        if (attribute == null) {
            return elements;
        }
        var values = new ArrayList<Object>(elements.size());
        elements.forEach(element -> values.add(Items.path(element, attribute)));
        return values;
    }

    /// Strings compare without case, as in Jinja.
    private static List<Object> sorted(List<Object> elements, Object attribute, Object reverse) {
        Comparator<Object> order = (a, b) -> Values.compare(folded(a, attribute), folded(b, attribute));
        var sorted = new ArrayList<>(elements);
        sorted.sort(Values.truth(reverse) ? order.reversed() : order);
        return sorted;
    }

    private static Object folded(Object element, Object attribute) {
        Object key = attribute == null ? element : Items.path(element, attribute);
        return key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
    }

    private static List<Object> unique(List<Object> elements, Object attribute) {
        var seen = new HashSet<>();
        var unique = new ArrayList<Object>();
        elements.forEach(element -> {
            if (seen.add(folded(element, attribute))) {
                unique.add(element);
            }
        });
        return unique;
    }

    private static List<Object> map(List<Object> elements, Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            Object attribute = arguments.require(0, "attribute");
            Object otherwise = arguments.get(1, "default", null);
            var values = new ArrayList<Object>(attributes(elements, attribute));
            values.replaceAll(value -> value instanceof Undefined && otherwise != null ? otherwise : value);
            return values;
        }
        String filter = Values.string(arguments.positional().getFirst());
        var rest = rest(arguments, 1);
        var mapped = new ArrayList<Object>(elements.size());
        elements.forEach(element -> mapped.add(apply(filter, element, rest)));
        return mapped;
    }

    private static List<Object> kept(Object value, Predicate<Object> test) {
        var kept = new ArrayList<Object>();
        Values.elements(value).forEach(element -> {
            if (test.test(element)) {
                kept.add(element);
            }
        });
        return kept;
    }

    private static Predicate<Object> attributeTest(Arguments arguments) {
        Object attribute = arguments.require(0, "attribute");
        var test = test(arguments, 1);
        return element -> test.test(Items.path(element, attribute));
    }

    /// The test named at a position, of what follows it; truth where there is none.
    private static Predicate<Object> test(Arguments arguments, int at) {
        if (arguments.positional().size() <= at) {
            return Values::truth;
        }
        String name = Values.string(arguments.positional().get(at));
        var rest = rest(arguments, at + 1);
        return value -> Tests.holds(name, value, rest);
    }

    private static Arguments rest(Arguments arguments, int from) {
        return new Arguments(arguments.positional().subList(from, arguments.positional().size()), arguments.named());
    }
}
