package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/// The global functions that templates can call.
final class Functions {
    private static final int MAX_RANGE = 100_000;

    private Functions() {}

    /// The functions by name.
    ///
    /// @param now the time that `strftime_now` formats
    static Map<String, Object> all(Supplier<ZonedDateTime> now) {
        return Map.of(
                "cycler", (Callable) Functions::cycler,
                "joiner", (Callable) Functions::joiner,
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

    /// Jinja's `cycler`: an object whose `next()` returns its values one after the other, round and round.
    private static Object cycler(Arguments arguments) {
        var items = arguments.positional();
        if (items.isEmpty()) {
            throw new JinjaException("the template makes a cycler without values");
        }
        Map<String, Object> values = new LinkedHashMap<>();
        int[] at = {0};
        values.put("current", items.getFirst());
        values.put("next", (Callable) _ -> {
            Object current = items.get(at[0]);
            at[0] = (at[0] + 1) % items.size();
            values.put("current", items.get(at[0]));
            return current;
        });
        values.put("reset", (Callable) _ -> {
            at[0] = 0;
            values.put("current", items.getFirst());
            return null;
        });
        return new Namespace(values);
    }

    /// Jinja's `joiner`: a function that returns an empty string the first time, and the separator each time after
    /// that.
    private static Object joiner(Arguments arguments) {
        Object separator = arguments.get(0, "sep", ", ");
        boolean[] used = {false};
        return (Callable) _ -> {
            Object given = used[0] ? separator : "";
            used[0] = true;
            return given;
        };
    }

    private static String strftime(String format, ZonedDateTime now) {
        return new TimeFormat(now).write(format);
    }
}
