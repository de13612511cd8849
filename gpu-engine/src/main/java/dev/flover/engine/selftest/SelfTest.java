package dev.flover.engine.selftest;

import dev.flover.engine.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// All checks of a backend, from single verbs to a thousand sequences that join and leave.
///
/// @param backend opens the backend under test, once for each group of checks
/// @param seed    of all random numbers
/// @param size    how much is checked
public record SelfTest(Supplier<Backend> backend, long seed, Size size) {
    public enum Size {
        /// Seconds, also where every thread of a device is emulated.
        SMALL,
        /// What a person runs on a device.
        FULL
    }

    /// Runs everything, reporting each check as it ends.
    ///
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
