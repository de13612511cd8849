package dev.flover.engine.backend.cpu;

import dev.flover.engine.LongSequencesContract;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.Backends;

class CpuLongSequencesTest extends LongSequencesContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu", 2);
    }
}
