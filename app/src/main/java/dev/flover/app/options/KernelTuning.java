package dev.flover.app.options;

import dev.flover.engine.Backends;
import dev.flover.engine.backend.BackendGroup;
import java.nio.file.Path;
import java.util.Optional;

/// The file that keeps the kernels' choices for this processor, one for each set of kernels and number of threads:
/// `flover/kernels-NAME-THREADS` in the user's folder for caches.
public final class KernelTuning {
    private KernelTuning() {}

    /// Lets an open backend use the choices of the file, or measures them.
    ///
    /// @return what was chosen and why, in words; empty if the backend leaves no choice
    public static Optional<String> apply(BackendGroup backend, int threads) {
        return Backends.tune(backend.name(), threads, file(backend.name(), threads));
    }

    private static Path file(String kernels, int threads) {
        String caches = System.getenv("XDG_CACHE_HOME");
        var folder = caches != null && !caches.isBlank()
                ? Path.of(caches) : Path.of(System.getProperty("user.home"), ".cache");
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        return folder.resolve("flover").resolve("kernels-" + kernels + "-" + count);
    }
}
