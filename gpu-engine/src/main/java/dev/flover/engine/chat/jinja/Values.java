package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Python's operations on the kinds of values that templates have: strings, `Long`, `Double`, booleans, null (None),
/// lists, maps with string keys in order, [Markup], [Undefined], [Namespace] and [Callable].
final class Values {
    private static final int MAX_DEPTH = 64;

    private Values() {}

    static boolean truth(@Nullable Object value) {
        return switch (value) {
            case null -> false;
            case Boolean flag -> flag;
            case String text -> !text.isEmpty();
            case Long number -> number != 0;
            case Double number -> number != 0;
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case Undefined _ -> false;
            case Markup(String text) -> !text.isEmpty();
            default -> true;
        };
    }

    /// A value's text as `{{ value }}` prints it.
    static String text(@Nullable Object value) {
        return switch (value) {
            case String text -> text;
            case Markup(String text) -> text;
            case Undefined _ -> "";
            case null -> repr(null);
            default -> repr(value);
        };
    }

    /// A value's text by Python's `repr`.
    static String repr(@Nullable Object value) {
        return repr(value, 0);
    }

    private static String repr(@Nullable Object value, int depth) {
        if (depth > MAX_DEPTH) {
            throw new JinjaException("the template prints a value that is nested more than " + MAX_DEPTH + " deep");
        }
        return switch (value) {
            case null -> "None";
            case Boolean flag -> flag ? "True" : "False";
            case Long number -> number.toString();
            case Double number -> decimal(number);
            case String text -> quoted(text);
            case Tuple tuple -> listed(tuple, depth, "(", tuple.size() == 1 ? ",)" : ")");
            case List<?> list -> listed(list, depth, "[", "]");
            case Map<?, ?> map -> map.entrySet().stream()
                    .map(entry -> repr(entry.getKey(), depth + 1) + ": " + repr(entry.getValue(), depth + 1))
                    .collect(Collectors.joining(", ", "{", "}"));
            case Undefined _ -> "Undefined";
            case Markup(String text) -> "Markup(" + quoted(text) + ")";
            case Generated _ -> throw new JinjaException("the template prints the result of map, select or a similar "
                    + "filter; it must convert it with list or join");
            default -> throw new JinjaException("the template prints a value that is not text");
        };
    }

    private static String listed(List<?> list, int depth, String open, String close) {
        return list.stream().map(element -> repr(element, depth + 1)).collect(Collectors.joining(", ", open, close));
    }

    private static String decimal(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        double magnitude = Math.abs(number);
        if (magnitude == 0 || magnitude >= 1e-4 && magnitude < 1e16) {
            String plain = new BigDecimal(Double.toString(number)).toPlainString();
            String shown = plain.contains(".") ? plain : plain + ".0";
            return number == 0 && 1 / number < 0 ? "-0.0" : shown;
        }
        var digits = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        String mantissa = digits.movePointLeft(exponent).toPlainString();
        return mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    private static String quoted(String text) {
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        var out = new StringBuilder().append(quote);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (c < ' ' || c == 0x7F) {
                        out.append("\\x%02x".formatted(c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.append(quote).toString();
    }

    static boolean equal(@Nullable Object left, @Nullable Object right) {
        if (isNumber(left) && isNumber(right)) {
            return left instanceof Double || right instanceof Double
                    ? number(left) == number(right)
                    : integer(left) == integer(right);
        }
        if (left instanceof Markup || right instanceof Markup) {
            return equal(Markup.plain(left), Markup.plain(right));
        }
        return switch (left) {
            case List<?> list when right instanceof List<?> other -> list instanceof Tuple == other instanceof Tuple
                && list.size() == other.size() && allEqual(list, other);
            case Map<?, ?> map when right instanceof Map<?, ?> other -> map.keySet().equals(other.keySet())
                    && map.entrySet().stream().allMatch(entry -> equal(entry.getValue(), other.get(entry.getKey())));
            case Undefined _ -> right instanceof Undefined;
            case null -> right == null;
            default -> Objects.equals(left, right);
        };
    }

    private static boolean allEqual(List<?> left, List<?> right) {
        for (int i = 0; i < left.size(); i++) {
            if (!equal(left.get(i), right.get(i))) {
                return false;
            }
        }
        return true;
    }

    static int compare(@Nullable Object left, @Nullable Object right) {
        if (isNumber(left) && isNumber(right)) {
            return Double.compare(number(left), number(right));
        }
        if (left instanceof Markup || right instanceof Markup) {
            return compare(Markup.plain(left), Markup.plain(right));
        }
        return switch (left) {
            case String text when right instanceof String other -> comparePoints(text, other);
            case List<?> list when right instanceof List<?> other -> {
                for (int i = 0; i < Math.min(list.size(), other.size()); i++) {
                    if (!equal(list.get(i), other.get(i))) {
                        yield compare(list.get(i), other.get(i));
                    }
                }
                yield Integer.compare(list.size(), other.size());
            }
            case null, default -> throw new JinjaException("the template compares " + kind(left) + " with "
                    + kind(right));
        };
    }

    /// Compares two texts by code point, as Python does, and not by UTF-16 unit.
    private static int comparePoints(String left, String right) {
        int[] a = left.codePoints().toArray();
        int[] b = right.codePoints().toArray();
        return Arrays.compare(a, b);
    }

    static boolean contains(@Nullable Object container, @Nullable Object element) {
        if (container instanceof Markup || element instanceof Markup) {
            return contains(Markup.plain(container), Markup.plain(element));
        }
        return switch (container) {
            case Generated generated -> generated.take().stream().anyMatch(each -> equal(each, element));
            case String text when element instanceof String part -> text.contains(part);
            case List<?> list -> list.stream().anyMatch(each -> equal(each, element));
            case Map<?, ?> map -> map.containsKey(element);
            case Undefined _ -> false;
            case null, default -> throw new JinjaException("the template looks for " + kind(element) + " in "
                    + kind(container));
        };
    }

    /// Whether a value is a number. Booleans are, as in Python.
    static boolean isNumber(@Nullable Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    static double number(@Nullable Object value) {
        return switch (value) {
            case Long number -> number;
            case Double number -> number;
            case Boolean flag -> flag ? 1 : 0;
            case null, default -> throw new JinjaException("the template has " + kind(value)
                    + " where a number is expected");
        };
    }

    static long integer(@Nullable Object value) {
        return switch (value) {
            case Long number -> number;
            case Boolean flag -> flag ? 1 : 0;
            case null, default -> throw new JinjaException("the template has " + kind(value)
                    + " where a whole number is expected");
        };
    }

    static String string(@Nullable Object value) {
        if (Markup.plain(value) instanceof String text) {
            return text;
        }
        throw new JinjaException("the template has " + kind(value) + " where a string is expected");
    }

    /// The elements that a loop over a value visits; a new list, which the caller may change.
    static List<Object> elements(@Nullable Object value) {
        return switch (value) {
            case List<?> list -> copy(list);
            case Map<?, ?> map -> copy(map.keySet());
            case String text -> copy(text.codePoints().mapToObj(Character::toString).toList());
            case Undefined _ -> new ArrayList<>();
            case Markup(String text) -> elements(text);
            case Generated generated -> generated.take();
            case null, default -> throw new JinjaException("the template loops over " + kind(value));
        };
    }

    private static List<Object> copy(Collection<?> elements) {
        return new ArrayList<>(elements);
    }

    static long length(@Nullable Object value) {
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Undefined _ -> 0;
            case Markup(String text) -> length(text);
            case null, default -> throw new JinjaException("the template takes the length of " + kind(value));
        };
    }

    /// The name of a value's kind, for error messages.
    static String kind(@Nullable Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean _ -> "a boolean";
            case Long _ -> "an integer";
            case Double _ -> "a float";
            case String _, Markup _ -> "a string";
            case Generated _ -> "the result of map, select or a similar filter";
            case List<?> _ -> "a list";
            case Map<?, ?> _ -> "a dictionary";
            case Undefined(String what) -> what + ", which is not defined,";
            default -> "an object";
        };
    }
}
