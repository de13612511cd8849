package dev.flover.engine.backend.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/// The kernels compiled for the host, with `src/test/cuda/emulator.cpp` in the GPU's place.
///
/// The machine's C++ compiler builds it once; it is kept under `target` until a source changes.
final class Emulator {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final Path library;
    private final MethodHandle kernel;
    private final MethodHandle argumentBytes;
    private final MethodHandle launch;
    private final MethodHandle wideAdditions;

    private static final class Holder {
        static final Optional<Emulator> INSTANCE = build();
    }

    @SuppressWarnings("restricted")
    private Emulator(Path library) {
        this.library = library;
        var symbols = SymbolLookup.libraryLookup(library, Arena.global());
        var linker = Linker.nativeLinker();
        kernel = linker.downcallHandle(
                symbols.findOrThrow("emulator_kernel"), FunctionDescriptor.of(INT, ValueLayout.ADDRESS));
        argumentBytes = linker.downcallHandle(
                symbols.findOrThrow("emulator_argument_bytes"), FunctionDescriptor.of(ValueLayout.JAVA_LONG, INT));
        wideAdditions = linker.downcallHandle(
                symbols.findOrThrow("emulator_wide_additions"), FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        launch = linker.downcallHandle(symbols.findOrThrow("emulator_launch"), FunctionDescriptor.of(
                ValueLayout.ADDRESS, INT, INT, INT, INT, INT, INT, ValueLayout.ADDRESS));
    }

    /// The emulator; empty on a machine without a C++ compiler.
    static Optional<Emulator> instance() {
        return Holder.INSTANCE;
    }

    /// The path of the driver library that needs no device, which is linked with the emulator.
    Path driver() {
        return library.resolveSibling("libcuda.so.1");
    }

    int kernel(String name) {
        try (var arena = Arena.ofConfined()) {
            return (int) kernel.invokeExact(arena.allocateFrom(name));
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    long argumentBytes(int kernel) {
        try {
            return (long) argumentBytes.invokeExact(kernel);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// The number of 64-bit additions to shared memory since the last call. On a device, additions to one address wait
    /// for each other.
    long wideAdditions() {
        try {
            return (long) wideAdditions.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    @SuppressWarnings("restricted")
    void launch(int kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes, MemorySegment argument) {
        try {
            var fault = (MemorySegment) launch.invokeExact(
                    kernel, gridX, gridY, gridZ, threads, sharedBytes, argument);
            if (!fault.equals(MemorySegment.NULL)) {
                throw new AssertionError(fault.reinterpret(4096).getString(0));
            }
        } catch (Throwable e) {
            throw e instanceof AssertionError error ? error : new AssertionError(e);
        }
    }

    private static Optional<Emulator> build() {
        return HostCompiler.find().map(compiler -> {
            try {
                return new Emulator(compile(compiler).resolve("libemulator.so"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// Compiles the libraries unless they exist; returns their folder.
    private static Path compile(HostCompiler compiler) throws IOException {
        var crc = new CRC32();
        for (var folder : List.of("src/main/cuda", "src/main/cuda/include", "src/test/cuda")) {
            try (var files = Files.list(Path.of(folder))) {
                for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                    crc.update(Files.readAllBytes(file));
                }
            }
        }
        var output = Files.createDirectories(Path.of("target/emulator", Long.toHexString(crc.getValue())));
        HostCompiler.await(output.resolve("compiler.log"),
                List.of("sh", "src/test/cuda/build.sh", compiler.program(), output.toString()));
        return output.toAbsolutePath();
    }
}
