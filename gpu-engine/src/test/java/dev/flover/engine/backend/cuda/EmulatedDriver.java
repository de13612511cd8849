package dev.flover.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.CudaException;
import dev.flover.engine.backend.cuda.driver.DeviceProperties;
import dev.flover.engine.backend.cuda.driver.Driver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A device whose memory is host memory and whose kernels run in the [Emulator]. Work is done when it is enqueued.
///
/// New memory is filled with NaN. Behind each allocation is a guard that is checked when the allocation is freed.
final class EmulatedDriver implements Driver {
    private static final int GUARD_BYTES = 256;
    private static final byte GUARD = (byte) 0xA5;

    private final Emulator emulator;
    private final long memoryBytes;
    private final int multiprocessors;
    private final int number;
    private final Arena arena = Arena.ofShared();
    private final TreeMap<Long, MemorySegment> allocations = new TreeMap<>();
    private final Map<Integer, Integer> mostShared = new HashMap<>();
    private final List<List<Launch>> graphs = new ArrayList<>();
    private final Map<Integer, Long> marks = new HashMap<>();
    private List<Launch> capturing;
    private long used;
    private int launches;
    private int graphLaunches;
    private int uploads;

    private record Launch(
            int kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes, MemorySegment argument) {
        /// Whether one of the argument's words is an address within the allocation.
        boolean holds(MemorySegment allocation) {
            for (long at = 0; at < argument.byteSize(); at += 8) {
                long word = argument.get(JAVA_LONG, at);
                if (word >= allocation.address() && word < allocation.address() + allocation.byteSize()) {
                    return true;
                }
            }
            return false;
        }
    }

    EmulatedDriver(Emulator emulator, long memoryBytes) {
        this(emulator, memoryBytes, 3);
    }

    EmulatedDriver(Emulator emulator, long memoryBytes, int multiprocessors) {
        this(emulator, memoryBytes, multiprocessors, 0);
    }

    EmulatedDriver(Emulator emulator, long memoryBytes, int multiprocessors, int number) {
        this.number = number;
        this.multiprocessors = multiprocessors;
        this.emulator = emulator;
        this.memoryBytes = memoryBytes;
    }

    int launches() {
        return launches;
    }

    int graphLaunches() {
        return graphLaunches;
    }

    @Override
    public DeviceProperties properties() {
        return new DeviceProperties("emulated device", 80, multiprocessors, memoryBytes, 163 * 1024, 13000);
    }

    @Override
    public int number() {
        return number;
    }

    /// Kernels reach all memory of the host.
    @Override
    public void reach(Driver other) {}

    @Override
    public synchronized long freeBytes() {
        return memoryBytes - used;
    }

    @Override
    public synchronized long allocate(long bytes, String purpose) {
        assert capturing == null : "allocation of " + purpose + " while capturing";
        assert bytes > 0 : purpose;
        if (bytes > memoryBytes - used) {
            throw new CudaException("cuMemAlloc", "CUDA_ERROR_OUT_OF_MEMORY",
                    bytes + " bytes wanted for " + purpose + ", " + (memoryBytes - used) + " free");
        }
        var memory = arena.allocate(bytes + GUARD_BYTES, 256);
        memory.asSlice(0, bytes).fill((byte) 0xFF);
        memory.asSlice(bytes).fill(GUARD);
        allocations.put(memory.address(), memory);
        used += bytes;
        return memory.address();
    }

    @Override
    public synchronized void free(long address) {
        var memory = allocations.remove(address);
        assert memory != null : "freed what was not allocated";
        checkGuard(memory);
        assert graphs.stream().flatMap(List::stream).noneMatch(launch -> launch.holds(memory))
                : "freed memory that a graph's kernel was given";
        used -= memory.byteSize() - GUARD_BYTES;
    }

    private static void checkGuard(MemorySegment memory) {
        for (long i = memory.byteSize() - GUARD_BYTES; i < memory.byteSize(); i++) {
            if (memory.get(JAVA_BYTE, i) != GUARD) {
                throw new AssertionError("a kernel wrote behind an allocation of "
                        + (memory.byteSize() - GUARD_BYTES) + " bytes");
            }
        }
    }

    @Override
    @SuppressWarnings("restricted")
    public Pinned allocatePinned(long bytes) {
        long address = allocate(bytes, "pinned memory");
        var memory = MemorySegment.ofAddress(address).reinterpret(bytes);
        memory.fill((byte) 0);
        return new Pinned(memory, address);
    }

    /// The number of copies for which the host waited.
    int uploads() {
        return uploads;
    }

    @Override
    public void upload(long address, MemorySegment from) {
        uploads++;
        enqueueUpload(address, from);
    }

    @Override
    public void enqueueUpload(long address, MemorySegment from) {
        assert capturing == null;
        memory(address, from.byteSize()).copyFrom(from);
    }

    @Override
    public void download(MemorySegment to, long address) {
        to.copyFrom(memory(address, to.byteSize()));
    }

    @Override
    public void enqueueFill(long address, byte value, long bytes) {
        memory(address, bytes).fill(value);
    }

    @Override
    public void enqueueCopy(long to, long from, long bytes) {
        assert capturing == null;
        memory(to, bytes).copyFrom(memory(from, bytes));
    }

    /// A part of one allocation, by address.
    private synchronized MemorySegment memory(long address, long bytes) {
        var entry = allocations.floorEntry(address);
        assert entry != null : "not an address of the device";
        long offset = address - entry.getKey();
        assert offset + bytes <= entry.getValue().byteSize() - GUARD_BYTES : "beyond the allocation";
        return entry.getValue().asSlice(offset, bytes);
    }

    @Override
    public int kernel(String name, int mostSharedBytes) {
        int kernel = emulator.kernel(name);
        assert kernel >= 0 : "no kernel " + name;
        assert mostSharedBytes <= properties().sharedBytes() : name + " with " + mostSharedBytes;
        mostShared.put(kernel, mostSharedBytes);
        return kernel;
    }

    @Override
    public void launch(
            int kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes, Arguments arguments) {
        assert gridX > 0 && gridY > 0 && gridZ > 0 && gridY <= 65535 && gridZ <= 65535;
        assert sharedBytes <= mostShared.get(kernel);
        assert arguments.size() == emulator.argumentBytes(kernel)
                : "kernel " + kernel + " takes " + emulator.argumentBytes(kernel) + " bytes, got " + arguments.size();
        var argument = Arena.ofAuto().allocate(arguments.size(), 16);
        argument.copyFrom(MemorySegment.ofBuffer(arguments.bytes().duplicate().flip()));
        var launch = new Launch(kernel, gridX, gridY, gridZ, threads, sharedBytes, argument);
        if (capturing != null) {
            capturing.add(launch);
        } else {
            run(launch);
        }
    }

    private void run(Launch launch) {
        launches++;
        emulator.launch(launch.kernel, launch.gridX, launch.gridY, launch.gridZ, launch.threads, launch.sharedBytes,
                launch.argument);
    }

    @Override
    public void beginCapture() {
        assert capturing == null;
        capturing = new ArrayList<>();
    }

    @Override
    public int endCapture() {
        graphs.add(capturing);
        capturing = null;
        return graphs.size() - 1;
    }

    @Override
    public void launchGraph(int graph) {
        graphLaunches++;
        graphs.get(graph).forEach(this::run);
    }

    @Override
    public void record(int event) {}

    @Override
    public void await(int event) {}

    @Override
    public void mark(int mark) {
        assert capturing == null : "a mark while capturing";
        marks.put(mark, System.nanoTime());
    }

    @Override
    public double microsecondsBetween(int earlier, int later) {
        return (marks.get(later) - marks.get(earlier)) / 1e3;
    }

    @Override
    public void synchronise() {}

    @Override
    public void quieten() {
        graphs.clear();
    }

    @Override
    public synchronized void close() {
        allocations.values().forEach(EmulatedDriver::checkGuard);
        allocations.clear();
        arena.close();
    }
}
