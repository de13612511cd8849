package dev.flover.engine.backend.ranks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Processors, by the numbers that Linux gives them.
///
/// @param cpus ascending
public record CpuSet(List<Integer> cpus) {
    /// Room for 8,192 processors, the most that Linux supports.
    private static final int MASK_BYTES = 1024;

    public CpuSet {
        cpus = List.copyOf(cpus);
    }

    /// Reads Linux's notation: `0-3,8`. An empty text is an empty set.
    static CpuSet parse(String list) {
        var numbers = new ArrayList<Integer>();
        for (String range : list.isEmpty() ? new String[0] : list.split(",")) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int last = Integer.parseInt(range.substring(dash + 1));
            for (int cpu = first; cpu <= last && cpu < 8 * MASK_BYTES; cpu++) {
                numbers.add(cpu);
            }
        }
        return new CpuSet(numbers);
    }

    CpuSet and(CpuSet other) {
        return new CpuSet(cpus.stream().filter(other.cpus::contains).toList());
    }

    /// Lets the calling thread, and threads that it starts later, run only on these processors.
    ///
    /// @return whether the system has done so
    public boolean bind() {
        try (var arena = Arena.ofConfined()) {
            var mask = arena.allocate(MASK_BYTES, JAVA_LONG.byteAlignment());
            for (int cpu : cpus) {
                int bits = mask.get(JAVA_BYTE, cpu / 8) | 1 << cpu % 8;
                mask.set(JAVA_BYTE, cpu / 8, (byte) bits);
            }
            var set = Affinity.SET;
            return set != null && (int) set.invokeExact(0, (long) MASK_BYTES, mask) == 0;
        } catch (Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private static final class Affinity {
        /// `int sched_setaffinity(pid_t, size_t, const cpu_set_t *)` of the C library; null where there is none.
        static final @Nullable MethodHandle SET = find();

        @SuppressWarnings("restricted")
        private static @Nullable MethodHandle find() {
            var linker = Linker.nativeLinker();
            return linker.defaultLookup().find("sched_setaffinity").map((MemorySegment function) ->
                    linker.downcallHandle(function, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS)))
                    .orElse(null);
        }
    }
}
