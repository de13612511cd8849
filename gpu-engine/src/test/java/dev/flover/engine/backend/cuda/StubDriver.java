package dev.flover.engine.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// `src/test/cuda/driver.cpp` as this process's `libcuda.so.1`: JCuda's own library finds it in the driver's place.
///
/// Only for a JVM of its own: from then on a device is found here.
final class StubDriver {
    /// When the work of a stream is done; the order is the stub's.
    enum Timing { EAGER, DELAYED, LATE }

    private static final int FATBIN_MAGIC = 0xBA55ED50;

    private final MethodHandle reset;
    private final MethodHandle lose;
    private final MethodHandle calls;
    private final MethodHandle held;
    private final MethodHandle faults;

    private static final class Holder {
        static final StubDriver INSTANCE = new StubDriver(library());
    }

    @SuppressWarnings("restricted")
    private StubDriver(Path library) {
        System.load(library.toString());
        var symbols = SymbolLookup.libraryLookup(library, Arena.global());
        reset = find(symbols, "stub_reset", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
        lose = find(symbols, "stub_lose",
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        calls = find(symbols, "stub_calls", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        held = find(symbols, "stub_held", FunctionDescriptor.of(ValueLayout.JAVA_LONG));
        faults = find(symbols, "stub_faults", FunctionDescriptor.of(ValueLayout.ADDRESS));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle find(SymbolLookup symbols, String name, FunctionDescriptor type) {
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), type);
    }

    /// There must be a C++ compiler.
    static StubDriver instance() {
        return Holder.INSTANCE;
    }

    static Path library() {
        return Emulator.instance().orElseThrow().driver();
    }

    /// One of two devices.
    JCudaDevice open(int ordinal) {
        var image = new byte[64];
        MemorySegment.ofArray(image).set(ValueLayout.JAVA_INT_UNALIGNED, 0, FATBIN_MAGIC);
        return new JCudaDevice(ordinal, image);
    }

    /// Nothing has been called, nothing is lost.
    void reset(Timing timing, long memoryBytes) {
        call(() -> {
            reset.invokeExact(timing.ordinal(), memoryBytes);
            return 0L;
        });
    }

    /// After so many more calls of a function of the driver it fails, and so do all that follow.
    void lose(String function, long after, int result) {
        call(() -> {
            try (var arena = Arena.ofConfined()) {
                lose.invokeExact(arena.allocateFrom(function), after, result);
            }
            return 0L;
        });
    }

    long calls(String function) {
        return call(() -> {
            try (var arena = Arena.ofConfined()) {
                return (long) calls.invokeExact(arena.allocateFrom(function));
            }
        });
    }

    /// Memory, streams and graphs that were not given back.
    long held() {
        return call(() -> (long) held.invokeExact());
    }

    /// What a driver would have left undefined, a line for each.
    @SuppressWarnings("restricted")
    String faults() {
        return call(() -> ((MemorySegment) faults.invokeExact()).reinterpret(1 << 20).getString(0));
    }

    private interface NativeCall<T> {
        T run() throws Throwable;
    }

    private static <T> T call(NativeCall<T> call) {
        try {
            return call.run();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
