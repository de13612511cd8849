package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;

/// The value of a variable, attribute or element that does not exist: it counts as false and empty and prints as
/// nothing; any other use of it is an error.
///
/// @param what the name of the missing thing, for the error message
record Undefined(String what) {
    JinjaException error() {
        return new JinjaException("the template uses " + what + ", which is not defined");
    }
}
