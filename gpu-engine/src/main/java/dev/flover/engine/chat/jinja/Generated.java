package dev.flover.engine.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/// The result of `map`, `select` and other filters that are generators in Jinja: elements that can be looped over once.
/// It has no length and no index, and cannot be written as JSON.
final class Generated {
    private List<Object> elements;

    Generated(List<Object> elements) {
        this.elements = elements;
    }

    /// Returns the elements the first time, and an empty list each time after that.
    List<Object> take() {
        var taken = new ArrayList<>(elements);
        elements = List.of();
        return taken;
    }
}
