package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Python's arithmetic operators and `~`, for the kinds of values that templates have.
final class Operators {
    private static final int MAX_REPEATS = 1 << 20;

    private Operators() {}

    static Object apply(String operator, @Nullable Object left, @Nullable Object right) {
        if (left instanceof Undefined undefined && !operator.equals("~")) {
            throw undefined.error();
        }
        if (right instanceof Undefined undefined && !operator.equals("~")) {
            throw undefined.error();
        }
        try {
            return switch (operator) {
                case "~" -> concatenated(Values.text(left), Values.text(right));
                case "+" -> add(left, right);
                case "*" -> multiply(left, right);
                case "%" -> isText(left) ? formatted(left, right) : numeric(operator, left, right);
                default -> numeric(operator, left, right);
            };
        } catch (ArithmeticException _) {
            throw new JinjaException("the template computes " + Values.repr(left) + " " + operator + " "
                    + Values.repr(right) + ", which is too large or divides by zero");
        }
    }

    private static String concatenated(String left, String right) {
        Budget.requireLength((double) left.length() + right.length());
        return left + right;
    }

    private static Object add(@Nullable Object left, @Nullable Object right) {
        if (left instanceof Markup && isText(right) || right instanceof Markup && isText(left)) {
            return new Markup(concatenated(Markup.of(left).text(), Markup.of(right).text()));
        }
        if (left instanceof String text && right instanceof String other) {
            return concatenated(text, other);
        }
        if (left instanceof List<?> list && right instanceof List<?> other) {
            if (list instanceof Tuple != other instanceof Tuple) {
                throw new JinjaException("the template adds a list and a tuple");
            }
            var all = new ArrayList<Object>(list);
            all.addAll(other);
            return list instanceof Tuple ? new Tuple(all) : all;
        }
        return numeric("+", left, right);
    }

    private static boolean isText(@Nullable Object value) {
        return value instanceof String || value instanceof Markup;
    }

    private static Object multiply(@Nullable Object left, @Nullable Object right) {
        if (Values.isNumber(left) && !Values.isNumber(right)) {
            return multiply(right, left);
        }
        if (left instanceof Markup(String text)) {
            return new Markup((String) multiply(text, right));
        }
        if (left instanceof String || left instanceof List<?>) {
            long times = Math.max(0, Values.integer(right));
            if (times > MAX_REPEATS) {
                throw new JinjaException("the template repeats a value " + times + " times");
            }
            return left instanceof String text ? repeated(text, (int) times) : repeated((List<?>) left, (int) times);
        }
        return numeric("*", left, right);
    }

    /// Python's `template % values`.
    static Object formatted(@Nullable Object template, @Nullable Object values) {
        return template instanceof Markup(String text)
                ? new Markup(new PercentFormat(text, values, true).write())
                : new PercentFormat(Values.text(template), values, false).write();
    }

    private static String repeated(String text, int times) {
        Budget.requireLength((double) text.length() * times);
        return text.repeat(times);
    }

    private static List<Object> repeated(List<?> list, int times) {
        Budget.requireLength((double) list.size() * times);
        var all = new ArrayList<Object>(list.size() * times);
        for (int i = 0; i < times; i++) {
            all.addAll(list);
        }
        return all;
    }

    private static Object numeric(String operator, @Nullable Object left, @Nullable Object right) {
        if (!Values.isNumber(left) || !Values.isNumber(right)) {
            throw new JinjaException("the template computes " + Values.kind(left) + " " + operator + " "
                    + Values.kind(right) + ", which is not supported");
        }
        return left instanceof Double || right instanceof Double || operator.equals("/")
                ? real(operator, Values.number(left), Values.number(right))
                : whole(operator, Values.integer(left), Values.integer(right));
    }

    private static Object real(String operator, double left, double right) {
        if (right == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
            throw new ArithmeticException("division by zero");
        }
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> left / right;
            case "//" -> Math.floor(left / right);
            case "%" -> left - right * Math.floor(left / right);
            case "**" -> Math.pow(left, right);
            default -> throw new AssertionError(operator);
        };
    }

    private static Object whole(String operator, long left, long right) {
        return switch (operator) {
            case "+" -> Math.addExact(left, right);
            case "-" -> Math.subtractExact(left, right);
            case "*" -> Math.multiplyExact(left, right);
            case "//" -> Math.floorDiv(left, right);
            case "%" -> Math.floorMod(left, right);
            case "**" -> power(left, right);
            default -> throw new AssertionError(operator);
        };
    }

    private static Object power(long base, long exponent) {
        if (exponent < 0) {
            return Math.pow(base, exponent);
        }
        if (exponent > Long.SIZE && Math.abs(base) > 1) {
            throw new ArithmeticException("too large");
        }
        long result = 1;
        for (long i = 0; i < Math.min(exponent, Long.SIZE + (exponent & 1)); i++) {
            result = Math.multiplyExact(result, base);
        }
        return result;
    }

    static Object negate(@Nullable Object operand) {
        return operand instanceof Double number ? (Object) (-number) : Math.negateExact(Values.integer(operand));
    }
}
