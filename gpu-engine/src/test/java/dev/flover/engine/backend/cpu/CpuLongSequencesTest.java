package dev.flover.engine.backend.cpu;

import dev.flover.engine.Backends;
import dev.flover.engine.LongSequencesContract;
import dev.flover.engine.backend.Backend;

class CpuLongSequencesTest extends LongSequencesContract {
    @Override
    protected Backend open() {
        return Backends.open("cpu", 2);
    }
}
