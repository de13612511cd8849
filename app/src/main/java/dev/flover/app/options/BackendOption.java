package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.Backend;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// `--backend` and `--threads`, where an engine's limits are not the user's to choose.
public final class BackendOption {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "What computes, as in `flover devices`. Default: ${DEFAULT-VALUE}.")
    private String name;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Threads that compute, on a host backend. Default: one for each core.")
    private int threads;

    public String name() {
        return name;
    }

    /// 0 for one on each core.
    public int threads() {
        return threads;
    }

    /// @throws ParameterException if there is no backend of that name, or none that works here
    public Backend open() {
        OptionRange.check(command, "--threads", threads, 0, Integer.MAX_VALUE);
        try {
            return Backends.open(name, threads);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--backend " + name + ": " + e.getMessage(), e);
        }
    }

    /// Finds out before anything is started that [#open] can succeed.
    public void check() {
        open().close();
    }
}
