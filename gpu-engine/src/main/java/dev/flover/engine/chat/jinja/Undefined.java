package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;

/// The value of what does not exist: false, empty and printed as nothing; anything else done with it is an error.
///
/// @param what the name of the missing thing, for the error message
record Undefined(String what) {
    JinjaException error() {
        return new JinjaException("the template uses " + what + ", which is not defined");
    }
}
