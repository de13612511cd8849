package dev.flover.topology.chat.jinja;

import java.util.ArrayList;
import java.util.List;

/// What `map`, `select` and their like give: elements to loop over, once. It has no length and no places, and is no
/// JSON.
final class Generated {
    private List<Object> elements;

    Generated(List<Object> elements) {
        this.elements = elements;
    }

    /// The elements; none the next time.
    List<Object> take() {
        var taken = new ArrayList<>(elements);
        elements = List.of();
        return taken;
    }
}
