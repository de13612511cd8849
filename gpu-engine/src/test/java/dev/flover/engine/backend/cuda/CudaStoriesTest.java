package dev.flover.engine.backend.cuda;

import dev.flover.engine.StoriesContract;
import dev.flover.engine.backend.Backend;

class CudaStoriesTest extends StoriesContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }
}
