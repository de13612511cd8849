package dev.flover.engine.chat.jinja;

/// A function, method or macro that a template can call.
@FunctionalInterface
interface Callable {
    Object call(Arguments arguments);
}
