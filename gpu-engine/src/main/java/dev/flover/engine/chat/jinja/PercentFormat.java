package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Python's `template % values`.
final class PercentFormat {
    private static final int MAX_WIDTH = 10_000;

    private final String template;
    private final @Nullable Object values;
    private final boolean escapes;
    private final StringBuilder out = new StringBuilder();
    private int at;
    private int used;

    /// @param escapes whether inserted text that is not marked safe is escaped for HTML
    PercentFormat(String template, @Nullable Object values, boolean escapes) {
        this.template = template;
        this.values = values;
        this.escapes = escapes;
    }

    String write() {
        while (at < template.length()) {
            char c = template.charAt(at++);
            if (c == '%') {
                directive();
            } else {
                out.append(c);
            }
            Budget.requireLength(out.length());
        }
        boolean named = values instanceof Map<?, ?>;
        int given = values instanceof Tuple tuple ? tuple.size() : 1;
        if (!named && used < given) {
            throw new JinjaException("the template formats " + given + " values with a format for " + used);
        }
        return out.toString();
    }

    private void directive() {
        Object value = null;
        boolean keyed = at < template.length() && template.charAt(at) == '(';
        if (keyed) {
            int end = template.indexOf(')', at);
            if (end < 0 || !(values instanceof Map<?, ?> map) || !map.containsKey(template.substring(at + 1, end))) {
                throw new JinjaException("the template formats by a name for which it passes no value");
            }
            value = map.get(template.substring(at + 1, end));
            at = end + 1;
        }
        String flags = run("-+ #0");
        int width = number(0);
        int precision = -1;
        if (at < template.length() && template.charAt(at) == '.') {
            at++;
            precision = number(0);
        }
        run("hlL");
        if (at >= template.length()) {
            throw new JinjaException("the template formats with an incomplete format");
        }
        char kind = template.charAt(at++);
        if (kind == '%') {
            out.append('%');
            return;
        }
        Object shown = keyed ? value : next();
        String text = text(kind, shown, flags, precision);
        boolean numeric = "diufFeEgGxXo".indexOf(kind) >= 0;
        out.append(padded(text, flags.contains("-") ? '<' : '>', width, flags.contains("0") && numeric ? '0' : ' '));
    }

    private String run(String allowed) {
        int start = at;
        while (at < template.length() && allowed.indexOf(template.charAt(at)) >= 0) {
            at++;
        }
        return template.substring(start, at);
    }

    private int number(int otherwise) {
        if (at < template.length() && template.charAt(at) == '*') {
            at++;
            return bounded(Long.toString(Math.max(0, Values.integer(next()))));
        }
        String digits = run("0123456789");
        return digits.isEmpty() ? otherwise : bounded(digits);
    }

    static int bounded(String digits) {
        if (digits.length() > 5 || Integer.parseInt(digits) > MAX_WIDTH) {
            throw new JinjaException("the template formats a value " + digits + " wide");
        }
        return Integer.parseInt(digits);
    }

    private @Nullable Object next() {
        if (values instanceof Tuple tuple) {
            if (used >= tuple.size()) {
                throw new JinjaException("the template formats fewer values than its format asks for");
            }
            return tuple.get(used++);
        }
        if (used++ > 0) {
            throw new JinjaException("the template formats fewer values than its format asks for");
        }
        return values;
    }

    private String text(char kind, @Nullable Object value, String flags, int precision) {
        return switch (kind) {
            case 's', 'r', 'a' -> {
                String text = kind == 's' ? Values.text(value) : Values.repr(value);
                String shown = escapes && !(value instanceof Markup) ? Markup.escape(text) : text;
                yield precision < 0 ? shown : shown.substring(0, Math.min(precision, shown.length()));
            }
            case 'c' -> value instanceof Long code ? character(code) : Values.string(value);
            case 'd', 'i', 'u', 'x', 'X', 'o' -> signed(whole(kind, value, flags), flags);
            case 'f', 'F', 'e', 'E', 'g', 'G' ->
                signed(real(kind, Values.number(value), precision < 0 ? 6 : precision), flags);
            default -> throw new JinjaException("the template formats with %" + kind + ", which is not supported");
        };
    }

    static String character(long code) {
        if (code < 0 || code > Character.MAX_CODE_POINT) {
            throw new JinjaException("the template formats " + code + " as a character");
        }
        return Character.toString((int) code);
    }

    private static String whole(char kind, @Nullable Object value, String flags) {
        long number = value instanceof Double real && "diu".indexOf(kind) >= 0
                ? real.longValue()
                : Values.integer(value);
        return switch (kind) {
            case 'x' -> (flags.contains("#") ? "0x" : "") + Long.toHexString(number);
            case 'X' -> (flags.contains("#") ? "0X" : "") + Long.toHexString(number).toUpperCase(Locale.ROOT);
            case 'o' -> (flags.contains("#") ? "0o" : "") + Long.toOctalString(number);
            default -> Long.toString(number);
        };
    }

    /// A number as C and Python print it with `%f`, `%e` or `%g`.
    ///
    /// @param kind      the letter of the format
    /// @param precision digits after the point, or for `g` significant digits
    static String real(char kind, double number, int precision) {
        if (!Double.isFinite(number)) {
            return Values.repr(number);
        }
        boolean upper = Character.isUpperCase(kind);
        String text = switch (Character.toLowerCase(kind)) {
            case 'f' -> sign(number,
                    new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).toPlainString());
            case 'e' -> scientific(number, precision);
            default -> shortest(number, Math.max(precision, 1));
        };
        return upper ? text.toUpperCase(Locale.ROOT) : text;
    }

    /// Puts a minus sign before a negative zero.
    private static String sign(double number, String text) {
        return 1 / number < 0 && !text.startsWith("-") ? "-" + text : text;
    }

    private static String scientific(double number, int precision) {
        if (number == 0) {
            return sign(number, BigDecimal.ZERO.setScale(precision).toPlainString()) + "e+00";
        }
        var exact = new BigDecimal(number);
        int exponent = exact.precision() - exact.scale() - 1;
        var mantissa = exact.movePointLeft(exponent).setScale(precision, RoundingMode.HALF_EVEN);
        if (mantissa.abs().compareTo(BigDecimal.TEN) >= 0) {
            exponent++;
            mantissa = exact.movePointLeft(exponent).setScale(precision, RoundingMode.HALF_EVEN);
        }
        return mantissa.toPlainString() + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    private static String shortest(double number, int precision) {
        if (number == 0) {
            return sign(number, "0");
        }
        String scientific = scientific(number, precision - 1);
        int exponent = Integer.parseInt(scientific.substring(scientific.indexOf('e') + 1).replace("+", ""));
        if (exponent < -4 || exponent >= precision) {
            String mantissa = scientific.substring(0, scientific.indexOf('e'));
            return withoutZeros(mantissa) + scientific.substring(scientific.indexOf('e'));
        }
        return withoutZeros(new BigDecimal(number).setScale(precision - 1 - exponent, RoundingMode.HALF_EVEN)
                .toPlainString());
    }

    private static String withoutZeros(String text) {
        return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
    }

    private static String signed(String number, String flags) {
        return number.startsWith("-") ? number : flags.contains("+") ? "+" + number
                : flags.contains(" ") ? " " + number : number;
    }

    /// Pads a text to a width in code points.
    ///
    /// @param align `<` left, `>` right, `^` centred, or `=` (padding between the sign and the digits)
    static String padded(String text, char align, int width, char fill) {
        int missing = width - text.codePointCount(0, text.length());
        if (missing <= 0) {
            return text;
        }
        String padding = Character.toString(fill).repeat(missing);
        boolean hasSign = text.startsWith("-") || text.startsWith("+");
        return switch (align) {
            case '<' -> text + (fill == '0' ? " ".repeat(missing) : padding);
            case '^' -> padding.substring(0, missing / 2) + text + padding.substring(missing / 2);
            default -> (align == '=' || fill == '0') && hasSign
                    ? text.charAt(0) + padding + text.substring(1)
                    : padding + text;
        };
    }

    /// The arguments of the filter `format` as the right operand of `%`: a tuple of the positional ones, or a
    /// dictionary of the named ones.
    static Object arguments(List<Object> positional, Map<String, Object> named) {
        if (!positional.isEmpty() && !named.isEmpty()) {
            throw new JinjaException("the template formats values both by position and by name");
        }
        return named.isEmpty() ? new Tuple(positional) : named;
    }
}
