package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.StoriesContract;
import dev.flover.engine.backend.Backend;

class CpuJavaStoriesTest extends StoriesContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu-java", 2);
    }
}
