package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.cuda.driver.JCudaDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// `src/test/cuda/driver.cpp` as this process's `libcuda.so.1`, which JCuda's library loads as the driver.
///
/// Only for tests in a JVM of their own, as all later code of that JVM finds a device.
final class StubDriver {
    /// When the work of a stream is done. The order of the constants is that of the stub's numbers.
    enum Timing { EAGER, DELAYED, LATE }

    private static final int FATBIN_MAGIC = 0xBA55ED50;

    private final MethodHandle reset;
    private final MethodHandle peers;
    private final MethodHandle capability;
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
        peers = find(symbols, "stub_peers", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        capability = find(symbols, "stub_capability", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
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

    /// The stub, of which there is one in a process. Needs a C++ compiler.
    static StubDriver instance() {
        return Holder.INSTANCE;
    }

    static Path library() {
        return Emulator.instance().orElseThrow().driver();
    }

    /// Opens one of the stub's two devices.
    JCudaDevice open(int ordinal) {
        var image = new byte[64];
        MemorySegment.ofArray(image).set(ValueLayout.JAVA_INT_UNALIGNED, 0, FATBIN_MAGIC);
        return new JCudaDevice(ordinal, image);
    }

    /// Resets the stub: no calls, no faults, no lost device.
    void reset(Timing timing, long memoryBytes) {
        call(() -> {
            reset.invokeExact(timing.ordinal(), memoryBytes);
            return 0L;
        });
    }

    /// Chooses whether the two devices reach each other's memory. They do after a reset.
    void reachEachOther(boolean reach) {
        call(() -> {
            peers.invokeExact(reach ? 1 : 0);
            return 0L;
        });
    }

    /// Makes device 0 one of another compute capability. It has 9 after a reset, as device 1 always has.
    void firstHasCapability(int whole) {
        call(() -> {
            capability.invokeExact(whole);
            return 0L;
        });
    }

    /// Lets a function of the driver fail after `after` more calls of it, and every later call of any function too.
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

    /// The number of allocations, streams and graphs that have not been freed.
    long held() {
        return call(() -> (long) held.invokeExact());
    }

    /// The faults since the last reset, one line each: uses that a real driver would leave undefined.
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
