package dev.flover.benchmarks.kernels;

import dev.flover.app.options.BackendOption;
import dev.flover.engine.backend.cpu.CpuBackends;
import dev.flover.engine.backend.cpu.CpuCeilings;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// The limits of the measured machine, and the options that the benchmarks of the CPU's kernels share.
final class MeasuredKernels {
    private static final int MEASUREMENTS_OF_LIMITS = 3;

    private MeasuredKernels() {}

    /// Returns the name of the CPU's kernels.
    ///
    /// @throws ParameterException if the user has chosen another backend
    static String nameOf(BackendOption backend, CommandSpec command) {
        try (var opened = backend.open()) {
            if (!opened.name().startsWith("cpu")) {
                throw new ParameterException(command.commandLine(), "the kernels of the CPU are measured, and "
                        + "--backend " + backend.name() + " is " + opened.name()
                        + "; choose cpu or one of its kernels");
            }
            return opened.name();
        }
    }

    static void checkSeconds(CommandSpec command, double seconds) {
        if (!(seconds >= 0 && seconds <= 60)) {
            throw new ParameterException(command.commandLine(), "--seconds must be in [0, 60], was " + seconds);
        }
    }

    /// The best of several measurements of each limit, because other load only lowers them.
    ///
    /// @param seconds how long each case is repeated; if 0, each limit is measured once
    static CpuCeilings limits(String name, int threads, double seconds) {
        var best = CpuBackends.ceilings(name, threads);
        for (int i = 1; i < (seconds > 0 ? MEASUREMENTS_OF_LIMITS : 1); i++) {
            var next = CpuBackends.ceilings(name, threads);
            best = new CpuCeilings(Math.max(best.floatOperations(), next.floatOperations()),
                    Math.max(best.bf16Operations(), next.bf16Operations()),
                    Math.max(best.integerOperations(), next.integerOperations()),
                    Math.max(best.readBytes(), next.readBytes()));
        }
        return best;
    }
}
