package dev.flover.engine.backend.cuda;

import dev.flover.engine.FamilyContract;
import dev.flover.engine.backend.Backend;

/// The emulated device takes seconds where other backends take milliseconds, so each prompt is continued by a few
/// tokens only. `-Dflover.families=all` runs the full contract.
class CudaFamiliesTest extends FamilyContract {
    @Override
    protected Backend open() {
        return EmulatedBackends.open();
    }

    @Override
    protected int mostTokens() {
        return all() ? super.mostTokens() : 6;
    }

    @Override
    protected boolean alsoFromGguf() {
        return all();
    }

    private static boolean all() {
        return System.getProperty("flover.families", "").equals("all");
    }
}
