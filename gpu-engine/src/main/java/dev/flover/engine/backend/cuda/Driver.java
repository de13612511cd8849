package dev.flover.engine.backend.cuda;

import java.lang.foreign.MemorySegment;

/// The calls of the CUDA driver that the backend makes, on one device, one context and one stream.
///
/// Everything it hands out lives until it is freed or the driver is closed: this is the one place that owns device
/// memory, pinned memory, graphs and events. Work on the stream runs in the order of the calls. All calls throw
/// [CudaException], which names the call and the error.
///
/// Two implementations: [JCudaDevice] on a device, and in the tests one that runs the same kernels on the host.
interface Driver extends AutoCloseable {
    DeviceProperties properties();

    long freeBytes();

    /// Device memory, its content undefined.
    ///
    /// @param purpose for the message when there is too little
    long allocate(long bytes, String purpose);

    /// The memory must not have been given to a launch that a graph holds.
    void free(long address);

    /// Host memory that the device reaches too; zeroed.
    Pinned allocatePinned(long bytes);

    /// Copies once all earlier work is done, and waits.
    void upload(long address, MemorySegment from);

    /// Copies once all earlier work is done, and waits.
    void download(MemorySegment to, long address);

    /// Copies in order with the other work of the stream; `from` keeps its content until then, and is pinned where that
    /// is not to hold up the host.
    void enqueueUpload(long address, MemorySegment from);

    /// Sets every byte, in order with the other work of the stream.
    void enqueueFill(long address, byte value, long bytes);

    /// Copies from one place of the device to another, in order with the other work of the stream.
    void enqueueCopy(long to, long from, long bytes);

    /// A kernel of the module by name.
    ///
    /// @param mostSharedBytes most dynamic shared memory of any launch
    int kernel(String name, int mostSharedBytes);

    void launch(int kernel, int gridX, int gridY, int gridZ, int threads, int sharedBytes, Arguments arguments);

    /// Launches are recorded instead of run, until [#endCapture].
    void beginCapture();

    /// Returns the recorded launches as one graph.
    int endCapture();

    void launchGraph(int graph);

    /// Marks what has been enqueued so far.
    ///
    /// @param event any small number; marking it again forgets the earlier mark
    void record(int event);

    /// Waits for what the event marks.
    void await(int event);

    /// Marks what has been enqueued so far, with the time when it is done.
    ///
    /// @param mark any small number, apart from the events' numbers
    void mark(int mark);

    /// Waits for the later mark and returns the microseconds between the two.
    double microsecondsBetween(int earlier, int later);

    /// Waits for everything.
    void synchronise();

    @Override
    void close();

    /// @param memory        as the host sees it
    /// @param deviceAddress as the device does
    record Pinned(MemorySegment memory, long deviceAddress) {}
}
