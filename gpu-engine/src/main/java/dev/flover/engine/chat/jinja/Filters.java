package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Jinja's filters, which are written `value | name(...)`.
final class Filters {
    private static final int MAX_INDENT = 64;
    private static final int MAX_SLICES = 10_000;

    private Filters() {}

    /// The filters whose result is marked safe for HTML where their input is.
    private static final Set<String> KEEPING_SAFE =
            Set.of("trim", "upper", "lower", "capitalize", "title", "string", "indent", "center");

    static @Nullable Object apply(String name, @Nullable Object value, Arguments arguments) {
        if (value instanceof Markup(String text) && KEEPING_SAFE.contains(name)) {
            return new Markup(Values.text(apply(name, text, arguments)));
        }
        return switch (name) {
            case "trim" -> Methods.strip(Values.text(value), arguments.text(0, "chars", null), true, true);
            case "length", "count" -> Values.length(value);
            case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
            case "capitalize" -> Methods.capitalize(Values.text(value));
            case "title" -> TextFilters.title(Values.text(value));
            case "replace" -> Methods.replace(Values.text(value), Values.text(arguments.require(0, "old")),
                    Values.text(arguments.require(1, "new")), arguments.whole(2, "count", -1));
            case "string" -> Values.text(value);
            case "safe" -> new Markup(Values.text(value));
            case "escape", "e" -> Markup.of(value);
            case "forceescape" -> new Markup(Markup.escape(Values.text(value)));
            case "format" -> Operators.formatted(value instanceof Markup ? value : Values.text(value),
                    PercentFormat.arguments(arguments.positional(), arguments.named()));
            case "indent" -> indent(Values.text(value), arguments);
            case "center" -> TextFilters.center(Values.text(value), arguments.whole(0, "width", 80), " ");
            case "wordcount" -> (long) TextFilters.words(Values.text(value));
            case "truncate" -> TextFilters.truncate(Values.text(value), arguments);
            case "wordwrap" -> TextFilters.wrap(Values.text(value), arguments);
            case "striptags" -> TextFilters.withoutTags(Values.text(value));
            case "urlencode" -> TextFilters.urlEncode(value);
            case "filesizeformat" -> TextFilters.fileSize(Values.number(value), arguments);
            case "attr" -> attribute(value, Values.string(arguments.require(0, "name")));
            case "pprint" -> Values.repr(value);
            case "default", "d" -> defaulted(value, arguments);
            case "tojson" -> json(value, arguments);
            case "int" -> NumberFilters.integer(value, arguments.get(0, "default", 0L), arguments.whole(1, "base", 10));
            case "float" -> NumberFilters.real(value, arguments.get(0, "default", 0.0));
            case "abs" -> value instanceof Double number ? (Object) Math.abs(number) : Math.abs(Values.integer(value));
            case "round" -> NumberFilters.round(value, arguments);
            default -> ofElements(name, value, arguments);
        };
    }

    static boolean isKnown(String name) {
        try {
            apply(name, "", Arguments.NONE);
            return true;
        } catch (JinjaException unknown) {
            return !unknown.getMessage().contains("which is not supported");
        }
    }

    private static @Nullable Object ofElements(String name, @Nullable Object value, Arguments arguments) {
        return switch (name) {
            case "list" -> Values.elements(value);
            case "first" -> edge(Values.elements(value), true);
            case "last" -> edge(Values.elements(value), false);
            case "reverse" -> Markup.plain(value) instanceof String text
                    ? new StringBuilder(text).reverse().toString()
                    : new Generated(Values.elements(value).reversed());
            case "join" -> Methods.join(attributes(Values.elements(value), arguments.get(1, "attribute", null)),
                    Values.text(arguments.get(0, "d", "")));
            case "items" -> new Generated(value instanceof Undefined ? List.of() : Methods.items(mapping(value)));
            case "dictsort" -> dictSort(mapping(value), arguments);
            case "sort" -> sorted(Values.elements(value), arguments.get(2, "attribute", null),
                    arguments.get(0, "reverse", false), Values.truth(arguments.get(1, "case_sensitive", false)));
            case "unique" -> new Generated(unique(Values.elements(value), arguments.get(1, "attribute", null),
                    Values.truth(arguments.get(0, "case_sensitive", false))));
            case "min" -> extreme(value, arguments, false);
            case "max" -> extreme(value, arguments, true);
            case "batch" -> new Generated(batches(Values.elements(value), arguments));
            case "slice" -> new Generated(slices(Values.elements(value), arguments));
            case "groupby" -> groups(Values.elements(value), arguments);
            case "sum" -> attributes(Values.elements(value), arguments.get(0, "attribute", null)).stream()
                    .reduce(arguments.get(1, "start", 0L), (a, b) -> Operators.apply("+", a, b));
            case "map" -> new Generated(map(orNothing(value), arguments));
            case "select" -> new Generated(kept(value, test(arguments, 0)));
            case "reject" -> new Generated(kept(value, test(arguments, 0).negate()));
            case "selectattr" -> new Generated(kept(value, attributeTest(arguments)));
            case "rejectattr" -> new Generated(kept(value, attributeTest(arguments).negate()));
            default -> throw new JinjaException("the template uses the filter " + name + ", which is not supported");
        };
    }

    private static @Nullable Object edge(List<Object> elements, boolean first) {
        if (elements.isEmpty()) {
            return new Undefined("an element of an empty list");
        }
        return first ? elements.getFirst() : elements.getLast();
    }

    private static Map<?, ?> mapping(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new JinjaException("the template takes the items of " + Values.kind(value));
    }

    private static @Nullable Object defaulted(@Nullable Object value, Arguments arguments) {
        boolean alsoFalse = Values.truth(arguments.get(1, "boolean", false));
        boolean missing = value instanceof Undefined || alsoFalse && !Values.truth(value);
        return missing ? arguments.get(0, "default_value", "") : value;
    }

    private static String json(@Nullable Object value, Arguments arguments) {
        boolean ascii = Values.truth(arguments.get(0, "ensure_ascii", false));
        Object indent = arguments.get(1, "indent", null);
        String margin = switch (indent) {
            case null -> null;
            case String text -> text;
            default -> " ".repeat(Math.clamp(Values.integer(indent), 0, MAX_INDENT));
        };
        String comma = ", ";
        String colon = ": ";
        if (arguments.get(2, "separators", null) instanceof List<?> separators && separators.size() == 2) {
            comma = Values.text(separators.get(0));
            colon = Values.text(separators.get(1));
        } else if (margin != null) {
            comma = ",";
        }
        return new Json(margin, Values.truth(arguments.get(3, "sort_keys", false)), comma, colon, ascii).write(value);
    }

    private static String indent(String text, Arguments arguments) {
        Object width = arguments.get(0, "width", 4L);
        String margin = width instanceof String given
                ? given
                : " ".repeat(Math.clamp(Values.integer(width), 0, MAX_INDENT));
        boolean first = Values.truth(arguments.get(1, "first", false));
        boolean blank = Values.truth(arguments.get(2, "blank", false));
        String[] lines = (text + "\n").lines().toArray(String[]::new);
        Budget.requireLength(text.length() + (double) margin.length() * lines.length);
        for (int i = 0; i < lines.length; i++) {
            boolean wanted = i == 0 ? first : blank || !lines[i].isEmpty();
            lines[i] = wanted ? margin + lines[i] : lines[i];
        }
        return String.join("\n", lines);
    }

    private static List<Object> attributes(List<Object> elements, @Nullable Object attribute) {
        if (attribute == null) {
            return elements;
        }
        var values = new ArrayList<Object>(elements.size());
        elements.forEach(element -> values.add(Items.path(element, attribute)));
        return values;
    }

    private static @Nullable Object attribute(@Nullable Object value, String name) {
        return value instanceof Map<?, ?> && Methods.of(value, name) == null
                ? new Undefined(name)       // `attr` looks up a dictionary's methods, not its entries
                : Items.attribute(value, name);
    }

    private static @Nullable Object extreme(@Nullable Object value, Arguments arguments, boolean largest) {
        var elements = Values.elements(value);
        Object attribute = arguments.get(1, "attribute", null);
        boolean exact = Values.truth(arguments.get(0, "case_sensitive", false));
        Object best = elements.isEmpty() ? new Undefined("an element of an empty list") : elements.getFirst();
        for (Object element : elements) {
            int order = Values.compare(key(element, attribute, exact), key(best, attribute, exact));
            best = (largest ? order > 0 : order < 0) ? element : best;
        }
        return best;
    }

    private static List<Object> dictSort(Map<?, ?> map, Arguments arguments) {
        Object by = arguments.get(1, "by", "key");
        if (!"key".equals(by) && !"value".equals(by)) {
            throw new JinjaException("the template sorts a dictionary by " + Values.repr(by)
                    + "; key and value are possible");
        }
        return sorted(Methods.items(map), "key".equals(by) ? 0L : 1L, arguments.get(2, "reverse", false),
                Values.truth(arguments.get(0, "case_sensitive", false)));
    }

    private static boolean filler(Arguments arguments) {
        return arguments.get(1, "fill_with", null) != null;
    }

    private static List<Object> batches(List<Object> elements, Arguments arguments) {
        int size = arguments.whole(0, "linecount", 0);
        if (filler(arguments) && size > MAX_SLICES) {
            throw new JinjaException("the template fills batches up to " + size + " elements");
        }
        Object filler = arguments.get(1, "fill_with", null);
        var batches = new ArrayList<Object>();
        for (int from = 0; from < elements.size(); from += Math.max(size, 1)) {
            int end = Math.min(from + Math.max(size, 1), elements.size());
            var batch = new ArrayList<Object>(elements.subList(from, end));
            while (filler != null && batch.size() < size) {
                batch.add(filler);
            }
            batches.add(batch);
        }
        return batches;
    }

    private static List<Object> slices(List<Object> elements, Arguments arguments) {
        int count = arguments.whole(0, "slices", 0);
        if (count < 1 || count > MAX_SLICES) {
            throw new JinjaException("the template cuts a list into " + count + " slices");
        }
        Object filler = arguments.get(1, "fill_with", null);
        int each = elements.size() / count;
        int longer = elements.size() % count;
        var slices = new ArrayList<Object>();
        for (int i = 0; i < count; i++) {
            int from = i * each + Math.min(i, longer);
            var slice = new ArrayList<Object>(elements.subList(from, from + each + (i < longer ? 1 : 0)));
            if (filler != null && i >= longer) {
                slice.add(filler);
            }
            slices.add(slice);
        }
        return slices;
    }

    private static List<Object> groups(List<Object> elements, Arguments arguments) {
        Object attribute = arguments.require(0, "attribute");
        boolean exact = Values.truth(arguments.get(2, "case_sensitive", false));
        Object otherwise = arguments.get(1, "default", null);
        var sorted = new ArrayList<>(elements);
        Function<Object, Object> value = element -> {
            Object found = Items.path(element, attribute);
            return found instanceof Undefined && otherwise != null ? otherwise : found;
        };
        Function<Object, Object> key = element -> exact ? value.apply(element) : folded(value.apply(element));
        sorted.sort((a, b) -> Values.compare(key.apply(a), key.apply(b)));
        var groups = new ArrayList<Object>();
        Object last = null;
        List<Object> members = null;
        for (Object element : sorted) {
            Object own = key.apply(element);
            if (members == null || !Values.equal(last, own)) {
                members = new ArrayList<>();
                groups.add(new Group(value.apply(element), members));
                last = own;
            }
            members.add(element);
        }
        return groups;
    }

    /// A group of elements with the same key: a tuple whose two parts, the key and the elements, have names.
    static final class Group extends Tuple {
        Group(@Nullable Object grouper, List<Object> list) {
            super(Arrays.asList(grouper, list), false);
        }
    }

    private static List<Object> sorted(
            List<Object> elements, @Nullable Object attribute, @Nullable Object reverse, boolean exact) {
        Comparator<Object> order = (a, b) -> compareByKeys(a, b, attribute, exact);
        var sorted = new ArrayList<>(elements);
        sorted.sort(Values.truth(reverse) ? order.reversed() : order);
        return sorted;
    }

    /// Compares two elements by one attribute, or by several that are written with commas between them (`a,b`).
    private static int compareByKeys(
            @Nullable Object a, @Nullable Object b, @Nullable Object attribute, boolean exact) {
        if (!(attribute instanceof String names) || !names.contains(",")) {
            return Values.compare(key(a, attribute, exact), key(b, attribute, exact));
        }
        for (String name : names.split(",")) {
            int order = Values.compare(key(a, name, exact), key(b, name, exact));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    /// The key by which an element is compared. Strings are compared without regard to case, as in Jinja, unless
    /// `exact`.
    private static @Nullable Object key(@Nullable Object element, @Nullable Object attribute, boolean exact) {
        Object key = attribute == null ? element : Items.path(element, attribute);
        return exact ? key : folded(key);
    }

    private static @Nullable Object folded(@Nullable Object key) {
        return Markup.plain(key) instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
    }

    private static List<Object> unique(List<Object> elements, @Nullable Object attribute, boolean exact) {
        var seen = new HashSet<>();
        var unique = new ArrayList<Object>();
        elements.forEach(element -> {
            if (seen.add(key(element, attribute, exact))) {
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

    /// The elements of a value; none where the value counts as false, such as None: `map` and `select` accept that in
    /// Jinja.
    private static List<Object> orNothing(@Nullable Object value) {
        return Values.truth(value) ? Values.elements(value) : List.of();
    }

    private static List<Object> kept(@Nullable Object value, Predicate<Object> test) {
        var kept = new ArrayList<Object>();
        orNothing(value).forEach(element -> {
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

    /// The test whose name is the argument at a position, with the arguments after it; without such an argument, the
    /// test of truth.
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
