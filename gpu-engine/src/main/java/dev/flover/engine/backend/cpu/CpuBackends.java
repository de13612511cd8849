package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;

/// Chooses the kernels of the CPU backend.
public final class CpuBackends {
    private CpuBackends() {}

    /// Opens `cpu` (the fastest that run here), `cpu-java`, or a compiled instruction set: `cpu-avx512`, `cpu-avx2`,
    /// `cpu-plain`.
    ///
    /// @param threads how many compute; 0 for one per processor
    /// @throws IllegalArgumentException if there are no such kernels, or this machine cannot run them
    public static Backend open(String name, int threads) {
        return open(name, threads, Workers.WORTHWHILE_NANOS, Workers.PATIENCE_NANOS);
    }

    /// As the constructor of [Workers].
    static Backend open(String name, int threads, long worthwhileNanos, long patienceNanos) {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        var kernels = kernels(name);
        return new CpuBackend(kernels, new Workers(count, kernels.name(), worthwhileNanos, patienceNanos));
    }

    /// Measures what kernels of a name can reach here on so many threads; takes about a second.
    public static CpuCeilings ceilings(String name, int threads) {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        return CpuCeilings.measure(kernels(name), count);
    }

    private static Kernels vectorKernels() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new IllegalArgumentException(
                    "cpu-java needs the Vector API: start Java with --add-modules jdk.incubator.vector");
        }
        return new VectorKernels();
    }

    private static Kernels kernels(String name) {
        if (name.equals("cpu-java")) {
            return vectorKernels();
        }
        NativeLibrary library;
        try {
            library = NativeLibrary.open();
        } catch (LinkageError e) {
            if (name.equals("cpu")) {
                return vectorKernels();
            }
            throw new IllegalArgumentException(name + " is not available: " + e.getMessage(), e);
        }
        if (name.equals("cpu")) {
            return library.runnable().isEmpty()
                    ? vectorKernels() : new NativeKernels(library, library.runnable().getFirst());
        }
        for (var instructions : library.runnable()) {
            if (name.equals("cpu-" + instructions.symbol())) {
                return new NativeKernels(library, instructions);
            }
        }
        throw new IllegalArgumentException(name + " cannot run on this machine, which can run "
                + library.runnable().stream().map(set -> "cpu-" + set.symbol()).toList() + " and cpu-java");
    }
}
