package dev.flover.topology.chat.jinja;

/// The value of what does not exist: false, empty and printed as nothing; anything else done with it is an error.
///
/// @param what it is missing, for the message
record Undefined(String what) {
    JinjaException error() {
        return new JinjaException("the template uses " + what + ", which is not defined");
    }
}
