package dev.flover.engine.backend.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/// Loads the JCuda binding of the driver, once. If anything is missing, [#problem] says what, in a sentence.
///
/// JCuda unpacks its native library to a file with a fixed name in `java.io.tmpdir`, which another process may be
/// writing at the same time. This class therefore lets JCuda unpack it to a new folder of this process, unless
/// `java.library.path` has the library.
final class DriverLibrary {
    /// Loads the driver on first use. The value is empty if the driver can be used; otherwise it says why not.
    private static final class Holder {
        static final String PROBLEM = load();
    }

    private DriverLibrary() {}

    /// Loads the binding and the driver.
    ///
    /// @throws IllegalArgumentException if the CUDA backend cannot run here; the message says what is missing
    static void require() {
        String problem = problem();
        if (!problem.isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
    }

    /// Why the driver cannot be used, or empty if it can.
    static String problem() {
        return Holder.PROBLEM;
    }

    private static String load() {
        try {
            initialise();
            int result = JCudaDriver.cuInit(0);
            return result == CUresult.CUDA_SUCCESS ? "" : "the cuda backend found no usable device: cuInit failed with "
                    + CUresult.stringFor(result) + "; is an NVIDIA card present and its driver loaded (nvidia-smi)?";
        } catch (LinkageError e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return "the cuda backend needs the NVIDIA driver's library libcuda.so.1, which could not be loaded: "
                    + "install the driver, or choose --backend cpu (" + reason + ")";
        } catch (IOException e) {
            return "the cuda backend could not unpack JCuda's native library: " + e.getMessage();
        }
    }

    private static void initialise() throws IOException {
        String temporary = System.getProperty("java.io.tmpdir");
        var own = Files.createTempDirectory(Path.of(temporary), "flover-jcuda");
        try {
            System.setProperty("java.io.tmpdir", own.toString());
            JCudaDriver.setExceptionsEnabled(false);
        } finally {
            System.setProperty("java.io.tmpdir", temporary);
            deleteFolder(own);
        }
    }

    /// Deletes a folder and its files. A loaded library stays mapped after its file has been deleted.
    private static void deleteFolder(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
