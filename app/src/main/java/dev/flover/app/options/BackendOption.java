package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.Backend;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// The options `--backend` and `--threads`, for commands that do not let the user set the engine's limits.
public final class BackendOption {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "Backend, as listed by `flover devices`. Default: ${DEFAULT-VALUE}.")
    private String name;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Compute threads of a CPU backend. Default: one for each core.")
    private int threads;

    public String name() {
        return name;
    }

    /// Returns the number of threads; 0 for one thread per core.
    public int threads() {
        return threads;
    }

    /// Opens the backend.
    ///
    /// @throws ParameterException if there is no backend of that name, or if it does not work on this machine
    public Backend open() {
        OptionRange.check(command, "--threads", threads, 0, Integer.MAX_VALUE);
        try {
            return Backends.open(name, threads);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--backend " + name + ": " + e.getMessage(), e);
        }
    }

    /// Checks that [#open] will succeed, so that a command can fail before it starts anything.
    public void check() {
        open().close();
    }
}
