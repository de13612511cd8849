package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Access to parts of values: `value.name`, `value[key]`, `value[from:to]`.
final class Items {
    private Items() {}

    /// The variable `loop` of a recursive loop, which the template can call to loop over something inside.
    record Recursion(Map<String, Object> values, Callable deeper) implements Callable {
        @Override
        public @Nullable Object call(Arguments arguments) {
            return deeper.call(arguments);
        }
    }

    /// `target.name`: the method of that name if there is one, otherwise the dictionary's entry, as in Jinja.
    static @Nullable Object attribute(@Nullable Object target, String name) {
        if (target instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (target instanceof Recursion recursion) {
            return recursion.values().containsKey(name) ? recursion.values().get(name) : missing(name);
        }
        if (target instanceof Namespace(Map<String, Object> values)) {
            return values.containsKey(name) ? values.get(name) : missing(name);
        }
        if (target instanceof Markup(String text)) {
            return safely(attribute(text, name));
        }
        if (target instanceof Filters.Group group && (name.equals("grouper") || name.equals("list"))) {
            return group.get(name.equals("grouper") ? 0 : 1);
        }
        Callable method = Methods.of(target, name);
        if (method != null) {
            return method;
        }
        return target instanceof Map<?, ?> map && map.containsKey(name) ? map.get(name) : missing(name);
    }

    /// `target[key]`: the entry of that key if there is one, otherwise the method, as in Jinja.
    static @Nullable Object item(@Nullable Object target, @Nullable Object key) {
        return switch (target) {
            case Undefined undefined -> throw undefined.error();
            case Markup(String text) when key instanceof Long ->
                item(text, key) instanceof String part ? new Markup(part) : missing("character " + key);
            case Map<?, ?> map when map.containsKey(key) -> map.get(key);
            case List<?> list when key instanceof Long index -> {
                long at = index < 0 ? index + list.size() : index;
                yield at >= 0 && at < list.size() ? list.get((int) at) : missing("element " + index);
            }
            case String text when key instanceof Long index -> {
                long length = Values.length(text);
                long at = index < 0 ? index + length : index;
                yield at >= 0 && at < length ? characters(text).get((int) at) : missing("character " + index);
            }
            case null, default -> key instanceof String name ? attribute(target, name) : missing(Values.kind(key));
        };
    }

    /// The part of a value at a path of names and indices with dots between them, as filters take it
    /// (`map(attribute="a.b")`). A whole number is an index.
    static @Nullable Object path(@Nullable Object target, @Nullable Object path) {
        if (path instanceof Long index) {
            return item(target, index);
        }
        Object value = target;
        for (String name : Values.string(path).split("\\.")) {
            Object key = name.matches("\\d{1,9}") ? Long.valueOf(name) : name;
            value = value instanceof Undefined ? value : item(value, key);
        }
        return value;
    }

    /// Wraps a method of text that is marked safe: its arguments are escaped for HTML, and the text that it returns is
    /// marked safe.
    private static @Nullable Object safely(@Nullable Object method) {
        if (!(method instanceof Callable callable)) {
            return method;
        }
        return (Callable) arguments -> {
            var safe = new ArrayList<Object>();
            arguments.positional().forEach(each -> safe.add(
                    each instanceof String || each instanceof Markup ? Markup.of(each).text() : each));
            return safe(callable.call(new Arguments(safe, arguments.named())));
        };
    }

    private static @Nullable Object safe(@Nullable Object value) {
        return switch (value) {
            case String text -> new Markup(text);
            case Tuple tuple -> new Tuple(tuple.stream().map(Items::safe).toList());
            case List<?> list -> new ArrayList<Object>(list.stream().map(Items::safe).toList());
            case null, default -> value;
        };
    }

    private static Undefined missing(String name) {
        return new Undefined(name);
    }

    private static List<String> characters(String text) {
        return text.codePoints().mapToObj(Character::toString).toList();
    }

    /// `target[start:stop:step]` of a text, list or tuple.
    ///
    /// @param start a whole number or null, as `stop` and `step` are; null means that this part is left out
    static Object slice(@Nullable Object target, @Nullable Object start, @Nullable Object stop, @Nullable Object step) {
        if (target instanceof String text) {
            return String.join("", slice(characters(text), start, stop, step));
        }
        if (target instanceof Tuple tuple) {
            return new Tuple(new ArrayList<Object>(slice(tuple, start, stop, step)));
        }
        if (target instanceof List<?> list) {
            return slice(list, start, stop, step);
        }
        if (target instanceof Markup(String text)) {
            return new Markup((String) slice(text, start, stop, step));
        }
        if (target instanceof Undefined undefined) {
            throw undefined.error();
        }
        throw new JinjaException("the template takes a slice of " + Values.kind(target));
    }

    private static <T> List<T> slice(
            List<T> list, @Nullable Object start, @Nullable Object stop, @Nullable Object step) {
        long stride = step == null ? 1 : Values.integer(step);
        if (stride == 0) {
            throw new JinjaException("the template takes a slice with a step of zero");
        }
        long size = list.size();
        long from = bound(start, stride > 0 ? 0 : size - 1, size, stride);
        long to = bound(stop, stride > 0 ? size : -1, size, stride);
        var slice = new ArrayList<T>();
        for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
            slice.add(list.get((int) i));
        }
        return slice;
    }

    private static long bound(@Nullable Object given, long otherwise, long size, long stride) {
        if (given == null) {
            return otherwise;
        }
        long value = Values.integer(given);
        long at = value < 0 ? value + size : value;
        return stride > 0 ? Math.clamp(at, 0, size) : Math.clamp(at, -1, size - 1);
    }
}
