package dev.flover.engine.backend.reference;

import dev.flover.engine.Backends;
import dev.flover.engine.LongSequencesContract;
import dev.flover.engine.backend.Backend;

class ReferenceLongSequencesTest extends LongSequencesContract {
    @Override
    protected Backend open() {
        return Backends.open("reference", 0);
    }
}
