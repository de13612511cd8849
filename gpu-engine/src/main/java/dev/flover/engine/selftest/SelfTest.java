package dev.flover.engine.selftest;

import dev.flover.engine.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// All checks of a backend, from single operations to a thousand sequences that start and end at different steps.
///
/// @param backend opens the backend under test; called once for each group of checks
/// @param seed    the seed of all pseudo-random numbers
/// @param size    how much is checked
public record SelfTest(Supplier<Backend> backend, long seed, Size size) {
    /// The number and size of the checks.
    public enum Size {
        /// Takes seconds, even where every thread of a device is emulated.
        SMALL,
        /// The size for a run by a person on a real device.
        FULL
    }

    /// Runs all checks.
    ///
    /// @param progress receives each check as it ends
    /// @return all checks
    public List<Check> run(Consumer<Check> progress) {
        var checks = new ArrayList<Check>();
        Consumer<Check> report = check -> {
            checks.add(check);
            progress.accept(check);
        };
        new OperationChecks(backend, seed, size, report).run();
        new SequenceChecks(backend, seed, size, report).run();
        return List.copyOf(checks);
    }
}
