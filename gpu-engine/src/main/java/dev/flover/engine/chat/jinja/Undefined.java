package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.Expression;
import dev.flover.engine.chat.jinja.syntax.JinjaException;
import org.jspecify.annotations.Nullable;

/// The value of a variable, attribute or element that does not exist: it counts as false and empty and prints as
/// nothing; any other use of it is an error.
///
/// @param what the name of the missing thing, for the error message
record Undefined(String what) {
    JinjaException error() {
        return new JinjaException("the template uses " + what + ", which is not defined");
    }

    /// Where a name's attribute or item is undefined, adds the name to it, so that the error message says
    /// `message.content` rather than `content`.
    static @Nullable Object named(@Nullable Object value, Expression target) {
        if (!(value instanceof Undefined(String what))) {
            return value;
        }
        return target instanceof Expression.Name(String name) ? new Undefined(name + "." + what) : value;
    }
}
