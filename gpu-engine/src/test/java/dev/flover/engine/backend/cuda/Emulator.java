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
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/// The kernels compiled for the host, with `src/test/cuda/emulator.cpp` in the place of the GPU.
///
/// Built once by the C++ compiler of the machine and kept under `target` until a source changes.
final class Emulator {
    private static final Pattern ENTRY = Pattern.compile(
            "extern \"C\" __global__ void __launch_bounds__\\([^)]*\\)\\s+(\\w+)\\(");
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

    /// Empty where there is no C++ compiler.
    static Optional<Emulator> instance() {
        return Holder.INSTANCE;
    }

    /// The shared library, for what is linked with it.
    Path library() {
        return library;
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

    /// 64-bit additions to shared memory since the last time: on a device, those with one address wait for each other.
    long wideAdditions() {
        try {
            return (long) wideAdditions.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /// Runs a kernel to its end.
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
                return new Emulator(compile(compiler));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static Path compile(HostCompiler compiler) throws IOException {
        var kernels = files(Path.of("src/main/cuda"), ".cu");
        var headers = files(Path.of("src/main/cuda/include"), ".cuh");
        var emulator = files(Path.of("src/test/cuda"), "emulator.hpp", "emulator.cpp");
        var folder = Files.createDirectories(Path.of("target/emulator"));
        var library = folder.resolve("libemulator-" + checksum(kernels, headers, emulator) + ".so").toAbsolutePath();
        if (Files.exists(library)) {
            return library;
        }
        var includes = new StringBuilder();
        var entries = new StringBuilder();
        for (var source : kernels) {
            includes.append("#include \"").append(source.toAbsolutePath()).append("\"\n");
            var matcher = ENTRY.matcher(Files.readString(source));
            while (matcher.find()) {
                entries.append("KERNEL(").append(matcher.group(1)).append(")\n");
            }
        }
        Files.writeString(folder.resolve("kernels.inc"), includes);
        Files.writeString(folder.resolve("entries.inc"), entries);
        compiler.run(folder.resolve("compiler.log"), "-fPIC", "-shared",
                "-Wno-unknown-pragmas", "-ffp-contract=off", "-U_FORTIFY_SOURCE",
                "-I", "src/main/cuda/include", "-I", "src/test/cuda", "-I", folder.toString(),
                "-o", library.toString(), "src/test/cuda/emulator.cpp");
        return library;
    }

    private static List<Path> files(Path folder, String... endings) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith)).sorted().toList();
        }
    }

    @SafeVarargs
    private static String checksum(List<Path>... sources) throws IOException {
        var crc = new CRC32();
        for (var list : sources) {
            for (var file : list) {
                crc.update(Files.readAllBytes(file));
            }
        }
        return Long.toHexString(crc.getValue());
    }
}
