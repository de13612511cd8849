package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The result of `namespace(...)`: the only value that a template may change from within a loop.
record Namespace(Map<String, Object> values) {
    /// Sets an attribute of the namespace that the template names.
    static void set(String namespace, String name, @Nullable Object value, Scope scope) {
        if (!(scope.get(namespace) instanceof Namespace(Map<String, Object> values))) {
            throw new JinjaException("the template sets " + namespace + "." + name + ", and " + namespace
                    + " is not a namespace");
        }
        values.put(name, value);
    }
}
