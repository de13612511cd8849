package dev.flover.engine.backend.cpu.kernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The library of compiled C kernels, present if the build had a C compiler and this machine can run the result.
///
/// The library is copied to a new private folder, loaded, and deleted at once. So no other process can replace the
/// file, and no file is left behind.
@SuppressWarnings("restricted")
public final class NativeLibrary {
    private final SymbolLookup symbols;
    private final MethodHandle map;
    private final MethodHandle unmap;
    private final MethodHandle evict;
    private final List<InstructionSet> runnable;

    private NativeLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
        map = Linker.nativeLinker().downcallHandle(
                find("flover_map"), FunctionDescriptor.of(ADDRESS, JAVA_LONG));
        unmap = Linker.nativeLinker().downcallHandle(
                find("flover_unmap"), FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
        evict = Linker.nativeLinker().downcallHandle(
                find("flover_evict"), FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
        runnable = runnable(sets());
    }

    /// @throws UnsatisfiedLinkError if the library for this machine is missing or cannot be loaded; the message says
    ///     why
    public static NativeLibrary open() {
        return Loaded.ATTEMPT.orThrow();
    }

    private static final class Loaded {
        static final Attempt ATTEMPT = Attempt.make();
    }

    /// The library, or why there is none, for all who open it.
    private record Attempt(@Nullable NativeLibrary library, @Nullable String problem) {
        static Attempt make() {
            try {
                return new Attempt(load(), null);
            } catch (UnsatisfiedLinkError e) {
                return new Attempt(null, e.getMessage());
            }
        }

        NativeLibrary orThrow() {
            if (library == null) {
                throw new UnsatisfiedLinkError(problem);
            }
            return library;
        }
    }

    /// The instruction sets that this machine can run, fastest first; empty if there are none.
    public List<InstructionSet> runnable() {
        return runnable;
    }

    /// Finds a kernel of an instruction set, or of the set that it is based on.
    MemorySegment find(InstructionSet set, String kernel) {
        String function = "flover_" + set.symbol() + "_" + kernel;
        var base = set.base();
        return base == null ? find(function) : symbols.find(function).orElseGet(() -> find(base, kernel));
    }

    private MemorySegment find(String function) {
        return symbols.find(function).orElseThrow(
                () -> new UnsatisfiedLinkError("the compiled kernels have no function " + function));
    }

    /// Maps zeroed memory that begins at a huge page. Physical memory is used only for pages that have been touched.
    MemorySegment map(long bytes, Arena arena) {
        try {
            var start = (MemorySegment) map.invokeExact(bytes);
            if (start.equals(MemorySegment.NULL)) {
                throw new OutOfMemoryError("cannot allocate " + bytes + " bytes of native memory");
            }
            return start.reinterpret(bytes, arena, this::release);
        } catch (Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    /// Removes memory from all caches, for measurements.
    void evict(MemorySegment memory) {
        try {
            evict.invokeExact(memory, memory.byteSize());
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private void release(MemorySegment memory) {
        try {
            unmap.invokeExact(memory, memory.byteSize());
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private int sets() {
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(find("flover_sets"), FunctionDescriptor.of(JAVA_INT)).invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private List<InstructionSet> runnable(int sets) {
        var found = new ArrayList<InstructionSet>();
        for (var set : InstructionSet.values()) {
            if (set.isIn(sets) && symbols.find("flover_" + set.symbol() + "_project_bf16").isPresent()
                    && isExact(set)) {
                found.addFirst(set);
            }
        }
        return List.copyOf(found);
    }

    /// Whether the set's instructions round as the processor's manual says, on which equal bits depend. A set whose
    /// instructions are no standard arithmetic of IEEE 754 has a function that checks this.
    private boolean isExact(InstructionSet set) {
        return symbols.find("flover_" + set.symbol() + "_is_exact").map(check -> {
            try {
                return (int) Linker.nativeLinker().downcallHandle(check, FunctionDescriptor.of(JAVA_INT))
                        .invokeExact() == 1;
            } catch (Throwable e) {
                throw new AssertionError("native calls throw nothing", e);
            }
        }).orElse(true);
    }

    private static NativeLibrary load() {
        String name = "native/" + platform() + "/libflover-kernels.so";
        try (var packed = NativeLibrary.class.getResourceAsStream(name)) {
            if (packed == null) {
                throw new UnsatisfiedLinkError("this build has no compiled kernels for " + platform());
            }
            return new NativeLibrary(lookup(packed));
        } catch (IOException | IllegalArgumentException e) {
            throw (Error) new UnsatisfiedLinkError("the compiled kernels could not be loaded from "
                    + System.getProperty("java.io.tmpdir") + ": " + e.getMessage()).initCause(e);
        }
    }

    private static SymbolLookup lookup(InputStream packed) throws IOException {
        Path folder = Files.createTempDirectory("flover-kernels-");
        Path file = folder.resolve("libflover-kernels.so");
        folder.toFile().deleteOnExit(); // the process may end while this thread loads; the file goes before the folder
        file.toFile().deleteOnExit();
        try {
            Files.copy(packed, file);
            return SymbolLookup.libraryLookup(file, Arena.global());
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(folder);
        }
    }

    /// The name of the operating system and processor in the library's path: `linux-x86_64`, `linux-aarch64`.
    private static String platform() {
        String machine = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        return System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + machine;
    }
}
