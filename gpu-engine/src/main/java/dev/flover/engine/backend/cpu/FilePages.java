package dev.flover.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.tensor.StoredTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Brings pages of mapped files into memory, so that a page that cannot be read is an error of a call.
///
/// If a file has become shorter since it was mapped, or its disk does not answer, the system ends a process whose
/// compiled code reads the mapping (SIGBUS; Java code gets an [InternalError]). `madvise` with `MADV_POPULATE_READ`
/// reads the same pages and returns an error instead. Where there is no such call (before Linux 5.14), only the length
/// of the file is compared. A file that is cut after this check is found by the reads themselves: Java code fails with
/// an [InternalError], and compiled code, which reads packed weights that are mapped, ends the process.
final class FilePages {
    private static final int POPULATE_READ = 22;
    private static final int EFAULT = 14;
    private static final int EHWPOISON = 133;

    private FilePages() {}

    /// Reads the pages of some rows of a tensor; does nothing if the tensor is not a part of a file.
    ///
    /// @throws EngineException if the system cannot read them
    static void read(StoredTensor tensor, long firstRow, long rows) {
        var file = tensor.file();
        if (file == null) {
            return;
        }
        var result = read(tensor.data().asSlice(firstRow * tensor.rowBytes(), rows * tensor.rowBytes()));
        if (result == Result.FAILED || result == Result.UNKNOWN && file.problem().isPresent()) {
            throw new EngineException(file.unreadable("tensor " + tensor.name()));
        }
    }

    enum Result { READ, FAILED, UNKNOWN }

    /// Reads the pages of a part of a mapping.
    ///
    /// @return UNKNOWN where the system has no call for this
    static Result read(MemorySegment mapped) {
        if (Advice.GIVE == null || Advice.PAGE_BYTES == 0) {
            return Result.UNKNOWN;
        }
        long start = mapped.address() & -Advice.PAGE_BYTES;
        long bytes = mapped.address() + mapped.byteSize() - start;
        try (var arena = Arena.ofConfined()) {
            var state = arena.allocate(Linker.Option.captureStateLayout());
            int result = (int) Advice.GIVE.invokeExact(
                    state, MemorySegment.ofAddress(start), bytes, POPULATE_READ);
            int error = result == 0 ? 0 : (int) Advice.ERROR.get(state, 0L);
            return switch (error) {
                case 0 -> Result.READ;
                case EFAULT, EHWPOISON -> Result.FAILED;
                default -> Result.UNKNOWN;
            };
        } catch (Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("native calls throw nothing", e);
        }
    }

    private static final class Advice {
        /// `int madvise(void *, size_t, int)` of the C library; null where there is none.
        static final @Nullable MethodHandle GIVE = find("madvise",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT),
                Linker.Option.captureCallState("errno"));
        static final long PAGE_BYTES = pageBytes();
        static final VarHandle ERROR =
                Linker.Option.captureStateLayout().varHandle(PathElement.groupElement("errno"));

        @SuppressWarnings("restricted")
        private static @Nullable MethodHandle find(
                String name, FunctionDescriptor type, Linker.Option... options) {
            var linker = Linker.nativeLinker();
            return linker.defaultLookup().find(name).map((MemorySegment function) ->
                    linker.downcallHandle(function, type, options)).orElse(null);
        }

        private static long pageBytes() {
            var find = find("getpagesize", FunctionDescriptor.of(JAVA_INT));
            try {
                return find == null ? 0 : (int) find.invokeExact();
            } catch (Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError("native calls throw nothing", e);
            }
        }
    }
}
