package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.List;
import java.util.Map;

/// The evaluated arguments of a call of a function, filter, test or macro.
public record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    public int size() {
        return positional.size() + named.size();
    }

    boolean has(int index, String name) {
        return index < positional.size() || named.containsKey(name);
    }

    /// Returns an argument by its position, or by its name where the position is not given, or else the default value.
    Object get(int index, String name, Object otherwise) {
        return index < positional.size() ? positional.get(index) : named.getOrDefault(name, otherwise);
    }

    Object require(int index, String name) {
        if (!has(index, name)) {
            throw new JinjaException("the template makes a call without the argument " + name);
        }
        return get(index, name, null);
    }

    String text(int index, String name, String otherwise) {
        return switch (get(index, name, otherwise)) {
            case String text -> text;
            case null -> null;
            case Object other -> throw new JinjaException("the template passes " + Values.repr(other) + " as " + name
                    + ", where a string is expected");
        };
    }

    int whole(int index, String name, int otherwise) {
        return switch (get(index, name, (long) otherwise)) {
            case Long number when number == number.intValue() -> number.intValue();
            case Object other -> throw new JinjaException("the template passes " + Values.repr(other) + " as " + name
                    + ", where a whole number is expected");
        };
    }
}
