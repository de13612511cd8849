package dev.flover.engine.backend.cpu;

import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.cpu.kernels.InstructionSet;
import dev.flover.engine.backend.cpu.kernels.KernelChoices;
import dev.flover.engine.backend.cpu.kernels.Kernels;
import dev.flover.engine.backend.cpu.kernels.NativeKernels;
import dev.flover.engine.backend.cpu.kernels.NativeLibrary;
import dev.flover.engine.backend.cpu.kernels.VectorKernels;
import java.nio.file.Path;
import java.util.Optional;

/// Opens CPU backends by name.
public final class CpuBackends {
    private CpuBackends() {}

    /// Opens the CPU backend of a name: `cpu` (the fastest kernels that this machine can run), `cpu-java` (the Vector
    /// API), or a compiled instruction set, `cpu-` with the symbol of an [InstructionSet].
    ///
    /// @param threads how many threads compute; 0 for one per processor
    /// @throws IllegalArgumentException if no kernels have this name, or this machine cannot run them
    public static Backend open(String name, int threads) {
        return open(name, threads, Workers.WORTHWHILE_NANOS, Workers.PATIENCE_NANOS);
    }

    /// Loads the compiled kernels in another thread, so that a backend opens sooner; a failure is that backend's to
    /// report.
    public static void prepare() {
        Thread.ofPlatform().daemon().name("kernels").start(() -> {
            try {
                kernels("cpu");
            } catch (IllegalArgumentException | LinkageError _) {
                // `open` says why
            }
        });
    }

    /// Opens the backend of one rank. Names are those of [#open(String, int)].
    ///
    /// @param threads how many threads compute, at least 1: the thread that calls the backend, and others
    /// @param onStart called by each of the other threads before it computes
    public static Backend open(String name, int threads, Runnable onStart) {
        var kernels = kernels(name);
        return new CpuBackend(kernels, new Workers(
                threads, kernels.name(), Workers.WORTHWHILE_NANOS, Workers.PATIENCE_NANOS, onStart));
    }

    /// Opens a backend as the first method does, with the time limits of [Workers] that tests vary.
    static Backend open(String name, int threads, long worthwhileNanos, long patienceNanos) {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        var kernels = kernels(name);
        return new CpuBackend(kernels, new Workers(count, kernels.name(), worthwhileNanos, patienceNanos));
    }

    /// Measures the peak rates that the kernels of a name reach on this machine with this many threads. Takes about a
    /// second.
    public static CpuCeilings ceilings(String name, int threads) {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        return CpuCeilings.measure(kernels(name), count);
    }

    /// Uses the choices of compiled kernels that are the fastest on this processor: those of the file, or, if it has
    /// none, those of a measurement of about a second, which it then keeps. They hold for all backends of this
    /// kernels' name in this process, and change no bit.
    ///
    /// @param name    the name of a backend that is open
    /// @param threads how many threads compute; 0 for one per processor
    /// @return the choices and their origin, in words; empty if these kernels leave no choice
    public static Optional<String> tune(String name, int threads, Path file) {
        if (!(kernels(name) instanceof NativeKernels kernels)) {
            return Optional.empty();
        }
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        var kept = new KeptChoices(file, kernels, count);
        var choices = kept.read();
        String origin = "kept in " + file;
        if (choices == null) {
            choices = KernelTuning.measure(kernels, count);
            origin = kept.write(choices) ? "measured now, and " + origin
                    : "measured now, and not kept, because " + file + " cannot be written";
        }
        kernels.choose(choices);
        return Optional.of(words(choices) + " (" + origin + ")");
    }

    private static String words(KernelChoices choices) {
        return (choices.aheadBytes() == 0 ? "one row prefetches nothing"
                : "one row prefetches " + choices.aheadBytes() + " bytes ahead") + ", "
                + (choices.aheadRows() == 0 ? "several rows prefetch nothing"
                : "up to " + choices.aheadRows() + " rows prefetch weights of later blocks") + ", a chunk is "
                + choices.chunkBlocks() + " blocks" + (choices.smallTiles() ? ", tiles are small" : "");
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
