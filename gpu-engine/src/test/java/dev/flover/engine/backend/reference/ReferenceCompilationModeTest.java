package dev.flover.engine.backend.reference;

import dev.flover.engine.CompilationModeContract;

class ReferenceCompilationModeTest extends CompilationModeContract {
    @Override
    protected String backend() {
        return "reference";
    }
}
