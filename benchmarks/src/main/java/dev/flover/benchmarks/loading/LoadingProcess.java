package dev.flover.benchmarks.loading;

import dev.flover.engine.Backends;
import dev.flover.engine.Engine;
import dev.flover.engine.api.EngineConfig;
import dev.flover.engine.loading.ModelLoader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// The program of a process that loads a model in one way, once. It prints the seconds since `main` began, and then,
/// in a line of its own, the resident bytes of its memory (anonymous, of files) and its peak. The first line comes at
/// once, so that whoever starts the process can take the time at which it arrives.
///
/// Arguments: way, model file, backend, threads, folder of kept weights, context (0 for the model's
/// own).
final class LoadingProcess {
    /// How the lines begin.
    static final String LOADED = "loaded ";
    static final String MEMORY = "memory ";
    private static final long PIECE = 4 << 20;

    private LoadingProcess() {}

    public static void main(String[] arguments) throws IOException {
        var way = Way.valueOf(arguments[0]);
        var model = Path.of(arguments[1]);
        int threads = Integer.parseInt(arguments[3]);
        long start = System.nanoTime();
        switch (way) {
            case CP -> throw new IllegalArgumentException("cp is a program of its own");
            case COPY -> {
                try (var arena = Arena.ofShared()) {
                    copy(model, threads, arena);
                    print(start);
                }
            }
            case PACK, KEEP, MAP -> {
                Backends.prepare(arguments[2]);
                try (var opened = ModelLoader.open(model, Integer.parseInt(arguments[5]))) {
                    var backend = Backends.open(arguments[2], threads);
                    if (way != Way.PACK) {
                        Backends.withWeightsIn(Path.of(arguments[4]), opened, backend);
                    }
                    try (var _ = Engine.start(opened, backend, EngineConfig.of(1, 16).withKvBlocks(8))) {
                        print(start);
                    }
                }
            }
        }
    }

    private static void copy(Path model, int threads, Arena arena) throws IOException {
        try (var channel = FileChannel.open(model)) {
            var from = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            var to = unzeroed(channel.size());
            var copying = Stream.iterate(0, i -> i + 1).limit(threads).map(first -> Thread.ofPlatform().start(() -> {
                for (long at = first * PIECE; at < from.byteSize(); at += threads * PIECE) {
                    MemorySegment.copy(from, at, to, at, Math.min(PIECE, from.byteSize() - at));
                }
            })).toList();
            for (var thread : copying) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Memory whose pages the system provides when they are first written, as that of packed weights. Freed with the
    /// process.
    @SuppressWarnings("restricted")
    private static MemorySegment unzeroed(long bytes) {
        try {
            var linker = Linker.nativeLinker();
            var allocate = linker.downcallHandle(linker.defaultLookup().findOrThrow("malloc"),
                    FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
            var allocated = (MemorySegment) allocate.invokeExact(bytes);
            if (!allocated.equals(MemorySegment.NULL)) {
                return allocated.reinterpret(bytes);
            }
        } catch (Throwable e) {
            throw new IllegalStateException("malloc throws nothing", e);
        }
        throw new OutOfMemoryError(bytes + " bytes cannot be allocated");
    }

    private static void print(long start) throws IOException {
        double seconds = (System.nanoTime() - start) * 1e-9;
        System.out.println(LOADED + seconds);
        System.out.flush();
        System.out.println(MEMORY + status("RssAnon") + " " + status("RssFile") + " " + status("VmHWM"));
    }

    /// Bytes that Linux counts for this process; 0 where it does not tell.
    private static long status(String name) throws IOException {
        var status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        try (var lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith(name + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElse(0);
        }
    }
}
