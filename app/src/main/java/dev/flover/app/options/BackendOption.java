package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
import dev.flover.engine.backend.Backend;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// The options `--backend`, `--threads` and `--devices`, for commands that do not let the user set the engine's limits.
public final class BackendOption {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "Backend, as listed by `flover devices`. Default: ${DEFAULT-VALUE}.")
    private String name;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Compute threads of a CPU backend. Default: one for each core.")
    private int threads;

    @Option(names = "--devices", paramLabel = "N,...", defaultValue = "",
            description = EngineOptions.DEVICES_DESCRIPTION)
    private String devices;

    public String name() {
        return name;
    }

    /// Returns the number of threads; 0 for one thread per core.
    public int threads() {
        return threads;
    }

    /// Returns the devices that the user has chosen.
    ///
    /// @throws ParameterException if the option's text is no list of numbers
    public DeviceList devices() {
        return EngineOptions.devices(command.commandLine(), devices);
    }

    /// Opens the backend, with the variants of kernels that are the fastest on this processor.
    ///
    /// @throws ParameterException if there is no backend of that name, or if it does not work on this machine
    public Backend open() {
        return open(devices());
    }

    private Backend open(DeviceList devices) {
        OptionRange.check(command, "--threads", threads, 0, Integer.MAX_VALUE);
        try {
            var opened = Backends.open(name, threads, devices);
            KernelTuning.apply(opened, threads);
            return opened;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--backend " + name + ": " + e.getMessage(), e);
        }
    }

    /// Opens the backend for one rank: of several devices, on the first.
    ///
    /// @throws ParameterException if there is no backend of that name, or if it does not work on this machine
    public Backend openFirst() {
        return open(devices().first(1));
    }

    /// Checks that the backend can be opened, so that a command can fail before it starts anything. If there are
    /// devices for several ranks, the first is tried.
    public void check() {
        openFirst().close();
    }
}
