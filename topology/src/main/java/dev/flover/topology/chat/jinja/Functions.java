package dev.flover.topology.chat.jinja;

import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/// What templates can call by name.
final class Functions {
    private static final int MAX_RANGE = 100_000;

    private Functions() {}

    /// @param now for `strftime_now`
    static Map<String, Object> all(Supplier<ZonedDateTime> now) {
        return Map.of(
                "range", (Callable) Functions::range,
                "namespace", (Callable) arguments -> new Namespace(dictionary(arguments)),
                "dict", (Callable) Functions::dictionary,
                "raise_exception", (Callable) arguments -> {
                    throw JinjaException.raisedByTemplate(Values.text(arguments.require(0, "message")));
                },
                "strftime_now", (Callable) arguments ->
                        strftime(Values.string(arguments.require(0, "format")), now.get()));
    }

    private static Object range(Arguments arguments) {
        long first = Values.integer(arguments.require(0, "stop"));
        boolean bounded = arguments.positional().size() > 1;
        long start = bounded ? first : 0;
        long stop = bounded ? Values.integer(arguments.positional().get(1)) : first;
        long step = arguments.positional().size() > 2 ? Values.integer(arguments.positional().get(2)) : 1;
        if (step == 0) {
            throw new JinjaException("the template uses a range with a step of zero");
        }
        double count = Math.ceil(((double) stop - start) / step);
        if (count > MAX_RANGE) {
            throw new JinjaException("the template uses a range of more than " + MAX_RANGE + " numbers");
        }
        var numbers = new ArrayList<Object>();
        for (int i = 0; i < count; i++) {
            numbers.add(start + i * step);
        }
        return numbers;
    }

    private static Map<String, Object> dictionary(Arguments arguments) {
        var values = new LinkedHashMap<String, Object>();
        for (Object initial : arguments.positional()) {
            if (!(initial instanceof Map<?, ?> map)) {
                throw new JinjaException("the template makes a dictionary of " + Values.kind(initial));
            }
            map.forEach((key, value) -> values.put(Values.string(key), value));
        }
        values.putAll(arguments.named());
        return values;
    }

    private static String strftime(String format, ZonedDateTime now) {
        var out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            boolean unpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += unpadded ? 2 : 1;
            String field = field(format.charAt(i), now);
            out.append(unpadded && field.length() > 1 && field.startsWith("0") ? field.substring(1) : field);
        }
        return out.toString();
    }

    private static String field(char directive, ZonedDateTime now) {
        return switch (directive) {
            case 'Y' -> "%04d".formatted(now.getYear());
            case 'y' -> "%02d".formatted(now.getYear() % 100);
            case 'm' -> "%02d".formatted(now.getMonthValue());
            case 'd' -> "%02d".formatted(now.getDayOfMonth());
            case 'H' -> "%02d".formatted(now.getHour());
            case 'I' -> "%02d".formatted((now.getHour() + 11) % 12 + 1);
            case 'M' -> "%02d".formatted(now.getMinute());
            case 'S' -> "%02d".formatted(now.getSecond());
            case 'j' -> "%03d".formatted(now.getDayOfYear());
            case 'p' -> now.getHour() < 12 ? "AM" : "PM";
            case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case '%' -> "%";
            default -> throw new JinjaException("the template writes the time with %" + directive
                    + ", which is not supported");
        };
    }
}
