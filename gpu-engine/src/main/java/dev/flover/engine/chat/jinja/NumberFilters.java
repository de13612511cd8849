package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The filters whose result is a number.
final class NumberFilters {
    private NumberFilters() {}

    static @Nullable Object integer(@Nullable Object value, @Nullable Object otherwise, int base) {
        try {
            return switch (Markup.plain(value)) {
                case Long number -> number;
                case Boolean flag -> flag ? 1L : 0L;
                case Double number when Double.isFinite(number) -> number.longValue();
                case String text when base != 10 -> based(text.strip().replace("_", ""), base);
                case String text -> text.strip().matches("[+-]?\\d+(_\\d+)*")
                        ? (Object) Long.valueOf(text.strip().replace("_", ""))
                        : Double.valueOf(pythonReal(text)).longValue();
                case null, default -> otherwise;
            };
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    private static Long based(String text, int base) {
        String lower = text.toLowerCase(Locale.ROOT);
        String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
        return Long.valueOf(!prefix.isEmpty() && lower.startsWith(prefix) ? lower.substring(2) : lower, base);
    }

    /// Checks that Python would read a text as a number, before Java parses it: Java would also accept a trailing `d`
    /// and hexadecimal numbers.
    private static String pythonReal(String text) {
        String number = text.strip().replace("_", "");
        if (!number.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?")) {
            throw new NumberFormatException(text);
        }
        return number;
    }

    static @Nullable Object real(@Nullable Object value, @Nullable Object otherwise) {
        try {
            return Markup.plain(value) instanceof String text ? Double.valueOf(pythonReal(text))
                    : Values.isNumber(value) ? (Object) Values.number(value) : otherwise;
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }

    static Object round(@Nullable Object value, Arguments arguments) {
        boolean whole = value instanceof Long || value instanceof Boolean;
        if (whole && arguments.whole(0, "precision", 0) >= 0
                && "common".equals(arguments.text(1, "method", "common"))) {
            return Values.integer(value);
        }
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
}
