package dev.flover.engine.backend.cuda.driver;

import java.lang.foreign.MemorySegment;

/// The calls of the CUDA driver that the backend makes, on one device, one context and one stream.
///
/// A driver owns all device memory, pinned memory, graphs and events; these live until they are freed or the driver is
/// closed. Work on the stream runs in the order of the calls. All calls throw [CudaException], which names the call and
/// the error.
///
/// There are two implementations: [JCudaDevice] for a device, and in the tests one that runs the same kernels on the
/// host.
public interface Driver extends AutoCloseable {
    DeviceProperties properties();

    /// The number of the device, as the driver counts.
    int number();

    /// Lets kernels of this device read and write the memory of another, also memory that is allocated later.
    ///
    /// @throws IllegalArgumentException if this device does not reach that memory; the message names both devices
    void reach(Driver other);

    long freeBytes();

    /// Allocates device memory with undefined content.
    ///
    /// @param purpose named in the error message if memory is short
    long allocate(long bytes, String purpose);

    /// Frees device memory. A captured graph must not use it.
    void free(long address);

    /// Allocates zeroed, pinned host memory that the device can access.
    Pinned allocatePinned(long bytes);

    /// Copies host memory to the device after all earlier work has finished, and waits for the copy.
    void upload(long address, MemorySegment from);

    /// Copies device memory to the host after all earlier work has finished, and waits for the copy.
    void download(MemorySegment to, long address);

    /// Enqueues a copy to the device. `from` must not change until the copy has finished. If `from` is not pinned, the
    /// call may wait for the copy.
    void enqueueUpload(long address, MemorySegment from);

    /// Enqueues work that sets every byte.
    void enqueueFill(long address, byte value, long bytes);

    /// Enqueues a copy from device memory to device memory.
    void enqueueCopy(long to, long from, long bytes);

    /// Finds a kernel of the module by name, and returns its number for [#launch].
    ///
    /// @param mostSharedBytes most bytes of dynamic shared memory of any launch
    int kernel(String name, int mostSharedBytes);

    void launch(int kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes, Arguments arguments);

    /// Begins to record launches instead of running them, until [#endCapture].
    void beginCapture();

    /// Ends the recording and returns the number of a graph of the recorded launches.
    int endCapture();

    void launchGraph(int graph);

    /// Enqueues event number `event`, which completes when all work enqueued so far has finished.
    ///
    /// @param event a small non-negative number; recording it again replaces the earlier event
    void record(int event);

    /// Waits until the event has completed.
    void await(int event);

    /// Enqueues time stamp number `mark`: its time is when all work enqueued so far has finished.
    ///
    /// @param mark a small non-negative number; marks and events are numbered separately
    void mark(int mark);

    /// Waits until the later mark's time is known, and returns the microseconds between the two marks.
    double microsecondsBetween(int earlier, int later);

    /// Waits until all enqueued work has finished.
    void synchronise();

    /// Waits until all enqueued work has finished or failed, and destroys the graphs. Only [#close] may follow.
    void quieten();

    @Override
    void close();

    /// Pinned memory, which both sides can access.
    ///
    /// @param memory        the memory as the host accesses it
    /// @param deviceAddress the address by which the device accesses it
    record Pinned(MemorySegment memory, long deviceAddress) {}
}
