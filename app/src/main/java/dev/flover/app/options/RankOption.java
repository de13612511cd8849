package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.DeviceList;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// The option `--tp`.
public final class RankOption {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--tp", paramLabel = "N", defaultValue = "1",
            description = "Ranks that divide the model among themselves (tensor parallelism): 1, 2, 4 or 8 groups of "
                    + "threads of a CPU backend, or devices of the backend cuda; auto is one for each NUMA node, or "
                    + "as few devices as hold the weights. Tokens do not depend on it. Default: ${DEFAULT-VALUE}.")
    private String ranks;

    /// Returns the option's text: a number or `auto`.
    public String text() {
        return ranks;
    }

    /// Opens a backend for each rank.
    ///
    /// @param backend as in `--backend`
    /// @param threads of all ranks together; 0 for one for each core
    /// @param devices as in `--devices`
    /// @throws ParameterException if the model cannot be divided so, or the backend cannot run here or in ranks
    public BackendGroup open(String backend, int threads, DeviceList devices, Model model) {
        return open(backend, threads, devices, 1, model).getFirst();
    }

    /// Opens the backends of several engines, as [#open(String, int, DeviceList, Model)] does for one.
    public List<BackendGroup> open(String backend, int threads, DeviceList devices, int engines, Model model) {
        int found = count(backend, model, devices, engines);
        try {
            return Backends.open(backend, threads, found, engines, devices);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--backend " + backend + ": " + e.getMessage(), e);
        }
    }

    /// The number of ranks that the option means for a model.
    ///
    /// @param devices those of all engines
    public int count(String backend, Model model, DeviceList devices, int engines) {
        try {
            return Backends.ranks(ranks, backend, model, devices, engines);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--tp " + ranks + ": " + e.getMessage(), e);
        }
    }
}
