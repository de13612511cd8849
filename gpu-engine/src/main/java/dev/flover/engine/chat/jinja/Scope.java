package dev.flover.engine.chat.jinja;

import java.util.HashMap;
import java.util.Map;

/// Variables by name, with the scope around them. A loop and a macro have scopes of their own.
final class Scope {
    private final Scope outer;
    private final Map<String, Object> values = new HashMap<>();

    Scope(Scope outer) {
        this.outer = outer;
    }

    void set(String name, Object value) {
        values.put(name, value);
    }

    Object get(String name) {
        for (var scope = this; scope != null; scope = scope.outer) {
            if (scope.values.containsKey(name)) {
                return scope.values.get(name);
            }
        }
        return new Undefined(name);
    }
}
