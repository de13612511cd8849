package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.StoriesContract;
import dev.flover.engine.backend.Backend;

class ReferenceStoriesTest extends StoriesContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
