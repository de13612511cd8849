package dev.flover.engine;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.cpu.CpuBackends;
import dev.flover.engine.backend.cuda.CudaBackend;
import dev.flover.engine.backend.reference.ReferenceBackend;
import java.util.List;
import java.util.function.Supplier;

/// Opens backends by name, and reports for each one why it can or cannot be used on this machine. The only place where
/// a backend is chosen.
public final class Backends {
    private static final List<String> NAMES = List.of("cuda", "cpu", "cpu-java", "reference");

    private Backends() {}

    /// Tries to open each kind of backend, and closes it again.
    public static List<BackendReport> survey() {
        return NAMES.stream().map(Backends::report).toList();
    }

    /// The first backend of the list that can be opened. If none can, throws the exception of the last one.
    static Backend firstUsable(List<Supplier<Backend>> kinds) {
        RuntimeException reason = null;
        for (var kind : kinds) {
            try {
                return kind.get();
            } catch (IllegalArgumentException | EngineException e) { // `survey` reports the reasons of the others
                reason = e;
            }
        }
        throw reason;
    }

    private static BackendReport report(String name) {
        try (var backend = open(name, 0)) {
            return new BackendReport(name, true, backend.describe());
        } catch (IllegalArgumentException | EngineException e) {
            return new BackendReport(name, false, e.getMessage());
        }
    }

    /// Opens a backend by name: `auto` (cuda if a device can be used, else cpu), `reference`, `cpu` (with the fastest
    /// kernels that this machine supports), `cpu-java` (the Vector API), `cpu-avx512`, `cpu-avx2` or `cpu-plain`
    /// (compiled kernels for one instruction set), or `cuda`.
    ///
    /// @param threads the number of threads of a backend that computes on the host; 0 lets the backend choose
    /// @throws IllegalArgumentException if the name is unknown or the backend cannot run here, with the reason
    public static Backend open(String name, int threads) {
        if (threads < 0) {
            throw new IllegalArgumentException("threads must be at least 0, was " + threads);
        }
        return switch (name) {
            case "reference" -> new ReferenceBackend();
            case "auto" -> firstUsable(List.of(CudaBackend::open, () -> CpuBackends.open("cpu", threads)));
            case "cpu", "cpu-java", "cpu-avx512", "cpu-avx2", "cpu-plain" -> CpuBackends.open(name, threads);
            case "cuda" -> CudaBackend.open();
            default -> throw new IllegalArgumentException("there is no backend named " + name
                    + "; choose auto, cpu, cpu-java, cpu-avx512, cpu-avx2, cpu-plain, cuda or reference");
        };
    }
}
