package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.model.Model;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/// The option `--packed-weights`.
public final class WeightOption {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--packed-weights", paramLabel = "DIR",
            description = "Folder in which the weights are kept as the CPU computes with them: packed by the first "
                    + "start, mapped by later ones and by other processes. Default: none.")
    private @Nullable Path folder;

    /// Whether the option is given.
    public boolean isGiven() {
        return folder != null;
    }

    /// Lets an open backend map the weights of the folder, or keep them there, if the option is given.
    ///
    /// @throws ParameterException if the backend packs no weights, or the folder cannot be used; the backend is closed
    public <B extends BackendGroup> B apply(Model model, B backend) {
        if (folder == null) {
            return backend;
        }
        try {
            return Backends.withWeightsIn(folder, model, backend);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    command.commandLine(), "--packed-weights " + folder + ": " + e.getMessage(), e);
        }
    }

    /// Prints whether the weights were packed or mapped, once an engine has started with the backend.
    public static void report(BackendGroup backend, PrintWriter err) {
        backend.keptWeights().ifPresent(words -> {
            err.println("weights: " + words);
            err.flush();
        });
    }
}
