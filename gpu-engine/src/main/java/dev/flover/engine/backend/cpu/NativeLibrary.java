package dev.flover.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
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

/// The compiled C kernels, if the build had a C compiler and this machine can run them.
///
/// The library is unpacked to a new private folder, loaded, and deleted at once: nobody can have put another in its
/// place, and nothing is left behind.
@SuppressWarnings("restricted")
final class NativeLibrary {
    private final SymbolLookup symbols;
    private final MethodHandle map;
    private final MethodHandle unmap;
    private final List<InstructionSet> runnable;

    private NativeLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
        map = Linker.nativeLinker().downcallHandle(
                find("flover_map"), FunctionDescriptor.of(ADDRESS, JAVA_LONG));
        unmap = Linker.nativeLinker().downcallHandle(
                find("flover_unmap"), FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
        runnable = runnable(level());
    }

    /// @throws UnsatisfiedLinkError if there is no library for this machine, saying why
    static NativeLibrary open() {
        return Loaded.LIBRARY;
    }

    private static final class Loaded {
        static final NativeLibrary LIBRARY = load();
    }

    /// What this machine can run, fastest first; empty if nothing.
    List<InstructionSet> runnable() {
        return runnable;
    }

    MemorySegment find(String function) {
        return symbols.find(function).orElseThrow(() -> new UnsatisfiedLinkError("no function " + function));
    }

    /// A mapping of its own, zeroed, from the start of a huge page; it takes no room before it is touched.
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

    private void release(MemorySegment memory) {
        try {
            unmap.invokeExact(memory, memory.byteSize());
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private int level() {
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(find("flover_level"), FunctionDescriptor.of(JAVA_INT)).invokeExact();
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private List<InstructionSet> runnable(int level) {
        var found = new ArrayList<InstructionSet>();
        for (var set : InstructionSet.values()) {
            if (set.level() <= level && symbols.find("flover_" + set.symbol() + "_quantise").isPresent()) {
                found.addFirst(set);
            }
        }
        return List.copyOf(found);
    }

    private static NativeLibrary load() {
        String name = "native/" + platform() + "/libflover-kernels.so";
        try (var packed = NativeLibrary.class.getResourceAsStream(name)) {
            if (packed == null) {
                throw new UnsatisfiedLinkError("this build has no compiled kernels for " + platform());
            }
            Path folder = Files.createTempDirectory("flover-kernels-");
            Path file = folder.resolve("libflover-kernels.so");
            try {
                Files.copy(packed, file);
                return new NativeLibrary(SymbolLookup.libraryLookup(file, Arena.global()));
            } finally {
                Files.deleteIfExists(file);
                Files.deleteIfExists(folder);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw (Error) new UnsatisfiedLinkError("the compiled kernels could not be loaded from "
                    + System.getProperty("java.io.tmpdir") + ": " + e.getMessage()).initCause(e);
        }
    }

    /// As the build names it: `linux-x86_64`, `linux-aarch64`.
    private static String platform() {
        String machine = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        return System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + machine;
    }
}
