package dev.flover.engine.chat.jinja;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A Python tuple: an immutable list that prints in round brackets.
class Tuple extends AbstractList<Object> {
    private final List<Object> elements;

    Tuple(List<Object> elements) {
        this(elements, true);
    }

    /// @param copied whether the elements are copied; if not, later changes of the list show in the tuple
    Tuple(List<Object> elements, boolean copied) {
        this.elements = copied ? Collections.unmodifiableList(new ArrayList<>(elements)) : elements;
    }

    @Override
    public Object get(int index) {
        return elements.get(index);
    }

    @Override
    public int size() {
        return elements.size();
    }
}
