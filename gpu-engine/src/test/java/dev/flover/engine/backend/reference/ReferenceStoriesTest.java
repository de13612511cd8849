package dev.flover.engine.backend.reference;

import dev.flover.engine.StoriesContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

class ReferenceStoriesTest extends StoriesContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
