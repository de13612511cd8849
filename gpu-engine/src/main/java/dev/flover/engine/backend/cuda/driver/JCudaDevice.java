package dev.flover.engine.backend.cuda.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/// A CUDA device, used through JCuda's binding of the driver.
///
/// Calls may come from any thread, but only from one at a time while steps are computed. Each call first makes the
/// device's context current on its thread.
public final class JCudaDevice implements Driver {
    private static final String FATBIN = "/dev/flover/engine/backend/cuda/flover.fatbin";
    private static final int UPLOAD_BYTES = 1 << 30;
    private static final int LEAST_CAPABILITY = 80;

    private final int number;
    private final DeviceProperties properties;
    private final CUdevice device;
    private final CUcontext context = new CUcontext();
    private final CUmodule module = new CUmodule();
    private final CUstream stream = new CUstream();
    private final TreeMap<Long, DeviceMemory> allocations = new TreeMap<>();
    private final List<Pointer> pinned = new ArrayList<>();
    private final List<CUfunction> kernels = new ArrayList<>();
    private final List<CUgraphExec> graphs = new ArrayList<>();
    private final List<CUevent> events = new ArrayList<>();
    private final List<CUevent> marks = new ArrayList<>();
    private boolean closed;

    /// A device address whose number Java code can read.
    private static final class DeviceMemory extends CUdeviceptr {
        long address() {
            return getNativePointer();
        }
    }

    /// @param fatbin the kernels, compiled for several architectures
    public JCudaDevice(int number, byte[] fatbin) {
        this.number = number;
        device = device(number);
        properties = properties(device);
        check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "");
        attach();
        check("cuModuleLoadData", JCudaDriver.cuModuleLoadData(module, fatbin),
                "the kernels are compiled for compute capability 8.0 and newer with CUDA 13, which needs a driver of "
                        + "release 580 or newer; this is " + properties);
        check("cuStreamCreate", JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "");
    }

    /// Opens a device.
    ///
    /// @param number of the device, as the driver counts
    /// @throws IllegalArgumentException if there is no driver, device or compiled kernel; the message says which is
    ///     missing
    public static JCudaDevice open(int number) {
        require();
        InstalledDevices.requireExisting(number);
        String old = tooOld(properties(device(number)));
        if (!old.isEmpty()) {
            throw new IllegalArgumentException(old);
        }
        return new JCudaDevice(number, Objects.requireNonNull(fatbin()));
    }

    /// Checks that there are compiled kernels, a driver and a device.
    ///
    /// @throws IllegalArgumentException saying which is missing
    public static void require() {
        String missing = missing();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(missing);
        }
    }

    /// Why the first device cannot be opened here, or empty if it can.
    public static String problem() {
        String missing = missing();
        return missing.isEmpty() ? tooOld(firstDevice()) : missing;
    }

    private static String missing() {
        if (fatbin() == null) {
            return "this build has no CUDA kernels, as there was no nvcc where it was built: build it with the CUDA "
                    + "toolkit 13 in the path, or choose --backend cpu";
        }
        if (!DriverLibrary.problem().isEmpty()) {
            return DriverLibrary.problem();
        }
        return InstalledDevices.count() == 0 ? "the cuda backend found no device; choose --backend cpu" : "";
    }

    private static String tooOld(DeviceProperties properties) {
        return properties.capability() >= LEAST_CAPABILITY ? ""
                : "the cuda backend needs compute capability 8.0 or newer, found " + properties;
    }

    /// The properties of the first device. To be called only if [#problem] is empty.
    static DeviceProperties firstDevice() {
        return properties(device(0));
    }

    private static byte @Nullable [] fatbin() {
        try (var stream = JCudaDevice.class.getResourceAsStream(FATBIN)) {
            return stream == null ? null : stream.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static CUdevice device(int ordinal) {
        DriverLibrary.require();
        var device = new CUdevice();
        check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, ordinal), "");
        return device;
    }

    static DeviceProperties properties(CUdevice device) {
        var name = new byte[256];
        check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device), "");
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        var version = new int[1];
        check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version), "");
        var bytes = new long[1];
        check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(bytes, device), "");
        int major = attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        int minor = attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        return new DeviceProperties(
                new String(name, 0, length, StandardCharsets.UTF_8),
                10 * major + minor,
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                bytes[0],
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                version[0]);
    }

    private static int attribute(CUdevice device, int attribute) {
        var value = new int[1];
        check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "");
        return value[0];
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public int number() {
        return number;
    }

    @Override
    public void reach(Driver other) {
        if (other.number() == number) {
            return;
        }
        if (!InstalledDevices.reaches(number, other.number())) {
            throw new IllegalArgumentException("device " + number + " (" + properties.name() + ") does not reach the "
                    + "memory of device " + other.number() + " (" + other.properties().name() + "), so they cannot "
                    + "compute one model together; choose devices with peer access (`flover devices` lists them), or 1 "
                    + "rank and an instance for each device");
        }
        attach();
        int result = JCudaDriver.cuCtxEnablePeerAccess(((JCudaDevice) other).context, 0);
        if (result != CUresult.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED) {
            check("cuCtxEnablePeerAccess", result, "from device " + number + " to device " + other.number());
        }
    }

    @Override
    public long freeBytes() {
        attach();
        return freeBytesOfCurrent();
    }

    /// The free memory of the device whose context is current.
    static long freeBytesOfCurrent() {
        var free = new long[1];
        var total = new long[1];
        check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total), "");
        return free[0];
    }

    @Override
    public synchronized long allocate(long bytes, String purpose) {
        attach();
        var memory = new DeviceMemory();
        int result = JCudaDriver.cuMemAlloc(memory, bytes);
        if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw new CudaException("cuMemAlloc", CUresult.stringFor(result), (bytes >> 20) + " MiB wanted for "
                    + purpose + ", " + (freeBytes() >> 20) + " MiB of " + (properties.totalBytes() >> 20)
                    + " free; use a smaller model, fewer KV blocks or a smaller token budget");
        }
        check("cuMemAlloc", result, "");
        allocations.put(memory.address(), memory);
        return memory.address();
    }

    @Override
    public synchronized void free(long address) {
        attach();
        check("cuMemFree", JCudaDriver.cuMemFree(allocations.remove(address)), "");
    }

    @Override
    public Pinned allocatePinned(long bytes) {
        attach();
        var pointer = new Pointer();
        check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(pointer, bytes,
                JCudaDriver.CU_MEMHOSTALLOC_DEVICEMAP | JCudaDriver.CU_MEMHOSTALLOC_PORTABLE), "");
        pinned.add(pointer);
        var address = new DeviceMemory();
        check("cuMemHostGetDevicePointer", JCudaDriver.cuMemHostGetDevicePointer(address, pointer, 0), "");
        var memory = MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes));
        memory.fill((byte) 0);
        return new Pinned(memory, address.address());
    }

    /// Copies on this backend's stream. A copy on the NULL stream may return before it has finished, and this stream
    /// does not wait for the NULL stream.
    @Override
    public void upload(long address, MemorySegment from) {
        for (long at = 0; at < from.byteSize(); at += UPLOAD_BYTES) {
            enqueueUpload(address + at, from.asSlice(at, Math.min(UPLOAD_BYTES, from.byteSize() - at)));
        }
        synchronise();
    }

    @Override
    public void download(MemorySegment to, long address) {
        attach();
        synchronise();
        for (long at = 0; at < to.byteSize(); at += UPLOAD_BYTES) {
            var part = to.asSlice(at, Math.min(UPLOAD_BYTES, to.byteSize() - at));
            check("cuMemcpyDtoH", JCudaDriver.cuMemcpyDtoH(
                    Pointer.to(part.asByteBuffer()), device(address + at), part.byteSize()), "");
        }
    }

    @Override
    public void enqueueUpload(long address, MemorySegment from) {
        attach();
        check("cuMemcpyHtoDAsync", JCudaDriver.cuMemcpyHtoDAsync(
                device(address), Pointer.to(from.asByteBuffer()), from.byteSize(), stream), "");
    }

    @Override
    public void enqueueFill(long address, byte value, long bytes) {
        attach();
        check("cuMemsetD8Async", JCudaDriver.cuMemsetD8Async(device(address), value, bytes, stream), "");
    }

    @Override
    public void enqueueCopy(long to, long from, long bytes) {
        attach();
        check("cuMemcpyDtoDAsync",
                JCudaDriver.cuMemcpyDtoDAsync(device(to), device(from), bytes, stream), "");
    }

    /// The pointer object for an address within one of the allocations.
    private synchronized CUdeviceptr device(long address) {
        var entry = allocations.floorEntry(address);
        return entry.getValue().withByteOffset(address - entry.getKey());
    }

    @Override
    public int kernel(String name, int mostSharedBytes) {
        attach();
        var function = new CUfunction();
        check("cuModuleGetFunction", JCudaDriver.cuModuleGetFunction(function, module, name), "kernel " + name);
        if (mostSharedBytes > 48 * 1024) {
            check("cuFuncSetAttribute", JCudaDriver.cuFuncSetAttribute(
                    function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, mostSharedBytes),
                    "kernel " + name + " with " + mostSharedBytes + " bytes of shared memory");
        }
        kernels.add(function);
        return kernels.size() - 1;
    }

    @Override
    public void launch(
            int kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes, Arguments arguments) {
        attach();
        var parameter = Pointer.to(new NativePointerObject[] {Pointer.toBuffer(arguments.bytes().duplicate().flip())});
        check("cuLaunchKernel", JCudaDriver.cuLaunchKernel(
                kernels.get(kernel), gridX, gridY, gridZ, threads, 1, 1, sharedBytes, stream, parameter, null), "");
    }

    @Override
    public void beginCapture() {
        attach();
        check("cuStreamBeginCapture", JCudaDriver.cuStreamBeginCapture(
                stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "");
    }

    @Override
    public int endCapture() {
        attach();
        var graph = new CUgraph();
        check("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream, graph), "");
        var executable = new CUgraphExec();
        check("cuGraphInstantiate", JCudaDriver.cuGraphInstantiate(executable, graph, 0), "");
        check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph), "");
        check("cuGraphUpload", JCudaDriver.cuGraphUpload(executable, stream), "");
        graphs.add(executable);
        return graphs.size() - 1;
    }

    @Override
    public void launchGraph(int graph) {
        attach();
        check("cuGraphLaunch", JCudaDriver.cuGraphLaunch(graphs.get(graph), stream), "");
    }

    @Override
    public void record(int event) {
        attach();
        record(events, event, CUevent_flags.CU_EVENT_DISABLE_TIMING);
    }

    private void record(List<CUevent> kind, int number, int flags) {
        while (kind.size() <= number) {
            var created = new CUevent();
            check("cuEventCreate", JCudaDriver.cuEventCreate(created, flags), "");
            kind.add(created);
        }
        check("cuEventRecord", JCudaDriver.cuEventRecord(kind.get(number), stream), "");
    }

    @Override
    public void mark(int mark) {
        attach();
        record(marks, mark, CUevent_flags.CU_EVENT_DEFAULT);
    }

    @Override
    public double microsecondsBetween(int earlier, int later) {
        attach();
        check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(marks.get(later)), "");
        var milliseconds = new float[1];
        check("cuEventElapsedTime", JCudaDriver.cuEventElapsedTime(
                milliseconds, marks.get(earlier), marks.get(later)), "");
        return 1e3 * milliseconds[0];
    }

    @Override
    public void await(int event) {
        attach();
        check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(events.get(event)), "");
    }

    @Override
    public void synchronise() {
        attach();
        check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream), "");
    }

    /// After the device was lost, every call fails; these errors are ignored.
    @Override
    public synchronized void quieten() {
        JCudaDriver.cuCtxSetCurrent(context);
        JCudaDriver.cuStreamSynchronize(stream);
        graphs.forEach(JCudaDriver::cuGraphExecDestroy);
        graphs.clear();
    }

    /// Frees all memory, graphs and events. After the device was lost, every call fails; these errors are ignored, as
    /// the end of the context frees everything that is left.
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        quieten();
        events.forEach(JCudaDriver::cuEventDestroy);
        marks.forEach(JCudaDriver::cuEventDestroy);
        allocations.values().forEach(JCudaDriver::cuMemFree);
        pinned.forEach(JCudaDriver::cuMemFreeHost);
        JCudaDriver.cuStreamDestroy(stream);
        JCudaDriver.cuModuleUnload(module);
        JCudaDriver.cuDevicePrimaryCtxRelease(device);
    }

    /// Makes the context current, in every call, as this thread may have used another device since the last one.
    private void attach() {
        check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context), "");
    }

    static void check(String call, int result, String advice) {
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaException(call, CUresult.stringFor(result), advice);
        }
    }
}
