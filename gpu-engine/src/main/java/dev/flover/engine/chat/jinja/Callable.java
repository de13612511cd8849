package dev.flover.engine.chat.jinja;

import org.jspecify.annotations.Nullable;

/// A function, method or macro that a template can call.
@FunctionalInterface
interface Callable {
    @Nullable Object call(Arguments arguments);
}
