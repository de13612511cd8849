package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The evaluated arguments of a call of a function, filter, test or macro.
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    public int size() {
        return positional.size() + named.size();
    }

    boolean has(int index, String name) {
        return index < positional.size() || named.containsKey(name);
    }

    /// Returns an argument by its position, or by its name where the position is not given, or else the default value.
    @Nullable Object get(int index, String name, @Nullable Object otherwise) {
        return index < positional.size() ? positional.get(index) : named.getOrDefault(name, otherwise);
    }

    @Nullable Object require(int index, String name) {
        if (!has(index, name)) {
            throw new JinjaException("the template makes a call without the argument " + name);
        }
        return get(index, name, null);
    }

    @Nullable String text(int index, String name, @Nullable String otherwise) {
        return switch (get(index, name, otherwise)) {
            case String text -> text;
            case null -> null;
            case Object other -> throw new JinjaException("the template passes " + Values.repr(other) + " as " + name
                    + ", where a string is expected");
        };
    }

    int whole(int index, String name, int otherwise) {
        Object value = get(index, name, (long) otherwise);
        if (value instanceof Long number && number == number.intValue()) {
            return number.intValue();
        }
        throw new JinjaException("the template passes " + Values.repr(value) + " as " + name
                + ", where a whole number is expected");
    }
}
