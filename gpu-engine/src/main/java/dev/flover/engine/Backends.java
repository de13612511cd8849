package dev.flover.engine;

import dev.flover.engine.api.EngineException;
import dev.flover.engine.backend.Backend;
import dev.flover.engine.backend.BackendGroup;
import dev.flover.engine.backend.WeightFolder;
import dev.flover.engine.backend.cpu.CpuBackends;
import dev.flover.engine.backend.cuda.CudaBackend;
import dev.flover.engine.backend.cuda.CudaRanks;
import dev.flover.engine.backend.cuda.driver.InstalledDevices;
import dev.flover.engine.backend.cuda.driver.JCudaDevice;
import dev.flover.engine.backend.ranks.NumaNodes;
import dev.flover.engine.backend.ranks.ShardedBackend;
import dev.flover.engine.backend.reference.ReferenceBackend;
import dev.flover.engine.model.Model;
import dev.flover.engine.sharding.ShardPlan;
import java.util.ArrayList;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Opens backends by name, and reports for each one why it can or cannot be used on this machine. The only place where
/// a backend is chosen.
public final class Backends {
    private static final List<String> NAMES = List.of("cuda", "cpu", "cpu-java", "reference");

    /// The default size of a number in the KV cache, in bits.
    public static final int KV_BITS = 16;

    private Backends() {}

    /// Tries to open each kind of backend, and closes it again.
    public static List<BackendReport> survey() {
        return NAMES.stream().map(Backends::report).toList();
    }

    /// The first backend of the list that can be opened. If none can, throws the exception of the last one.
    static Backend firstUsable(List<Supplier<Backend>> kinds) {
        RuntimeException reason = null;
        for (var kind : kinds) {
            try {
                return kind.get();
            } catch (IllegalArgumentException | EngineException e) { // `survey` reports the reasons of the others
                reason = e;
            }
        }
        throw reason;
    }

    private static BackendReport report(String name) {
        try (var backend = open(name, 0)) {
            String others = name.equals("cuda") ? InstalledDevices.describe() : "";
            return new BackendReport(name, true, backend.describe() + (others.isEmpty() ? "" : "; " + others));
        } catch (IllegalArgumentException | EngineException e) {
            return new BackendReport(name, false, e.getMessage());
        }
    }

    /// Lets an open backend use what a measurement on this processor found to be the fastest; see
    /// [CpuBackends#tune].
    ///
    /// @param file where the result is kept
    /// @return what was chosen and why, in words; empty if the backend leaves no choice
    public static Optional<String> tune(String openName, int threads, Path file) {
        return openName.startsWith("cpu") ? CpuBackends.tune(openName, threads, file) : Optional.empty();
    }

    /// Chooses the number format of a backend's KV cache, before anything else is done with the backend. Closes the
    /// backend if it fails.
    ///
    /// @param kvBits 16 for the backend's own format, or 8
    /// @throws IllegalArgumentException if the backend has no such format
    public static <B extends BackendGroup> B withCacheOf(int kvBits, B backend) {
        try {
            if (kvBits == Byte.SIZE) {
                backend.cacheInBytes();
            } else if (kvBits != KV_BITS) {
                throw new IllegalArgumentException("a number in the KV cache has 8 or 16 bits, found " + kvBits);
            }
            return backend;
        } catch (IllegalArgumentException e) {
            backend.close();
            throw e;
        }
    }

    /// Lets a backend keep its packed weights in a folder, or map those that are there. To be called before an engine
    /// is started with the backend. Closes the backend if it fails.
    ///
    /// @throws IllegalArgumentException if the backend packs no weights, or if the folder cannot be one
    public static <B extends BackendGroup> B withWeightsIn(Path folder, Model model, B backend) {
        try {
            long bytes = ShardPlan.of(model, 1).shares().getFirst().weightBytes();
            backend.keepWeights(new WeightFolder(folder, model.fingerprint(), bytes, 0, 1));
            return backend;
        } catch (RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    /// Begins to load what a backend that computes on the host needs, while the caller reads the model.
    ///
    /// @param name the name by which the backend will be opened
    public static void prepare(String name) {
        if (name.equals("auto") || name.startsWith("cpu") && !name.equals("cpu-java")) {
            CpuBackends.prepare();
        }
    }

    /// Opens a backend by name: `auto` (cuda if a device can be used, else cpu), `reference`, `cpu` (with the fastest
    /// kernels that this machine supports), `cpu-java` (the Vector API), `cpu-avx512bf16`, `cpu-avx512`, `cpu-avxvnni`,
    /// `cpu-avx2`, `cpu-dotprod` or `cpu-plain` (compiled kernels for one instruction set), or `cuda`.
    ///
    /// @param threads the number of threads of a backend that computes on the host; 0 lets the backend choose
    /// @throws IllegalArgumentException if the name is unknown or the backend cannot run here, with the reason
    public static Backend open(String name, int threads) {
        return open(name, threads, DeviceList.UNCHOSEN);
    }

    /// Opens a backend by name, on a chosen device.
    ///
    /// @param devices one device, or none for the first; if there is one, `auto` means `cuda`
    /// @throws IllegalArgumentException if the name is unknown or the backend cannot run here or on a chosen device,
    ///     with the reason
    public static Backend open(String name, int threads, DeviceList devices) {
        if (threads < 0) {
            throw new IllegalArgumentException("threads must be at least 0, was " + threads);
        }
        if (devices.isChosen()) {
            requireDevices(name, devices);
            return CudaBackend.open(devices.ofRanks(1).getFirst());
        }
        return switch (name) {
            case "reference" -> new ReferenceBackend();
            case "auto" -> firstUsable(List.of(() -> CudaBackend.open(0), () -> CpuBackends.open("cpu", threads)));
            case "cpu", "cpu-java", "cpu-avx512bf16", "cpu-avx512", "cpu-avxvnni", "cpu-avx2", "cpu-dotprod",
                    "cpu-plain" ->
                CpuBackends.open(name, threads);
            case "cuda" -> CudaBackend.open(0);
            default -> throw new IllegalArgumentException("there is no backend named " + name
                    + "; choose auto, cpu, cpu-java, cpu-avx512bf16, cpu-avx512, cpu-avxvnni, cpu-avx2, cpu-dotprod,"
                    + " cpu-plain, cuda or reference");
        };
    }

    private static void requireDevices(String name, DeviceList devices) {
        if (!name.equals("cuda") && !name.equals("auto")) {
            throw new IllegalArgumentException("the backend " + name + " computes on the processor, but the device"
                    + (devices.numbers().size() == 1 ? " " : "s ") + devices
                    + (devices.numbers().size() == 1 ? " was" : " were") + " chosen; choose the backend cuda, or no "
                    + "device");
        }
    }

    /// Opens a backend for each of several ranks that divide a model among themselves; for one rank, a backend as
    /// [#open(String, int)] does.
    ///
    /// The threads of a rank run on the processors of one NUMA node, if the machine has several.
    ///
    /// @param threads the number of threads of all ranks together, at least one for each; 0 lets the backends choose
    /// @param ranks   as [#ranks] found
    /// @param devices a device for each rank, or none for the first ones
    /// @throws IllegalArgumentException if the name is unknown, or if its backend cannot run here or in ranks
    public static BackendGroup open(String name, int threads, int ranks, DeviceList devices) {
        if (devices.isChosen()) {
            requireDevices(name, devices);
            ShardPlan.checkRanks(ranks);
            devices.ofRanks(ranks);
        }
        if (ranks > 1 && (devices.isChosen() || !isOnHost(name))) {
            return CudaRanks.open(devices.ofRanks(ranks));
        }
        return ranks == 1 ? open(name, threads, devices) : open(name, threads, ranks, NumaNodes.ofThisMachine());
    }

    /// As [#open(String, int, int, DeviceList)], without chosen devices.
    public static BackendGroup open(String name, int threads, int ranks) {
        return open(name, threads, ranks, DeviceList.UNCHOSEN);
    }

    static BackendGroup open(String name, int threads, int ranks, NumaNodes nodes) {
        ShardPlan.checkRanks(ranks);
        return ranks == 1 ? open(name, threads)
                : openShare(name.equals("auto") ? "cpu" : name, threads, ranks, nodes, new HostShare(0, 1));
    }

    /// Opens the backends of several engines of this process, each as [#open(String, int, int, DeviceList)] does: with
    /// devices of its own, or with its share of the host's processors and memory. If the machine has several NUMA
    /// nodes, each engine has nodes of its own, as far as there are enough of them.
    ///
    /// @param threads the number of threads of all engines together, at least one for each; 0 for one a processor
    /// @param engines at least 1
    /// @param devices a device for each rank of each engine, or none for the first ones
    /// @throws IllegalArgumentException if the name is unknown, or if its backend cannot run here, in ranks, or several
    ///     times
    public static List<BackendGroup> open(String name, int threads, int ranks, int engines, DeviceList devices) {
        return engines == 1 ? List.of(open(name, threads, ranks, devices))
                : open(name, threads, ranks, engines, devices, NumaNodes.ofThisMachine());
    }

    static List<BackendGroup> open(
            String name, int threads, int ranks, int engines, DeviceList devices, NumaNodes nodes) {
        ShardPlan.checkRanks(ranks);
        boolean onHost = !devices.isChosen() && isOnHost(name);
        String host = name.equals("auto") ? "cpu" : name;
        var opened = new ArrayList<BackendGroup>();
        try {
            for (int engine = 0; engine < engines; engine++) {
                opened.add(onHost ? openShare(host, threads, ranks, nodes, new HostShare(engine, engines))
                        : open(name, threads, ranks, devices.ofEngine(engine, engines, ranks)));
                opened.getLast().shareHostWith(engines);
            }
            return List.copyOf(opened);
        } catch (RuntimeException | Error e) {
            opened.forEach(BackendGroup::close);
            throw e;
        }
    }

    /// The part of the host that one of several engines computes with.
    private record HostShare(int engine, int engines) {}

    private static BackendGroup openShare(String host, int threads, int ranks, NumaNodes nodes, HostShare share) {
        boolean bound = nodes.nodes().size() > 1 && nodes.canBind();
        int all = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        int parts = share.engines() * ranks;
        int first = share.engine() * ranks;
        var opened = new ArrayList<Backend>();
        try {
            for (int rank = 0; rank < ranks; rank++) {
                Runnable onStart = bound ? nodes.of(first + rank, parts)::bind : () -> { };
                opened.add(host.equals("reference") ? new ReferenceBackend()
                        : CpuBackends.open(host, Math.max(1, all / parts), onStart));
            }
            // the thread of a rank is bound; the thread that computes for a single backend without ranks would not be
            return ranks == 1 && !bound ? opened.getFirst()
                    : new ShardedBackend(opened, bound ? rank -> nodes.of(first + rank, parts).bind() : null);
        } catch (RuntimeException | Error e) {
            opened.forEach(Backend::close);
            throw e;
        }
    }

    private static boolean isOnHost(String name) {
        try (var one = open(name, 1)) {
            return !one.name().equals("cuda");
        }
    }

    /// The number of ranks that an operator asks for.
    ///
    /// @param wanted  a number, or `auto`: on a host one rank for each NUMA node of an engine, if the model can be
    ///     divided so; on devices as few ranks as leave each device a quarter of its free memory beside the stored
    ///     weights
    /// @param devices those of all engines; if there are none, the engines share all that there are
    /// @param engines how many engines this process has
    /// @throws IllegalArgumentException if the text is neither, or the model cannot be divided among this number of
    ///     ranks
    public static int ranks(String wanted, String backend, Model model, DeviceList devices, int engines) {
        if (wanted.equals("auto")) {
            if (devices.isChosen()) {
                requireDevices(backend, devices);
            } else if (isOnHost(backend)) {
                return mostRanks(model, NumaNodes.ofThisMachine().nodes().size() / engines);
            }
            JCudaDevice.require();
            var numbers = devices.isChosen() ? devices.numbers() : devices.ofRanks(InstalledDevices.count());
            return ranksThatHold(model, numbers.size() / engines, InstalledDevices.leastFreeBytes(numbers));
        }
        if (!wanted.matches("[1248]")) {
            throw new IllegalArgumentException("a model can be divided among 1, 2, 4 or 8 ranks, or auto; found "
                    + wanted);
        }
        return ShardPlan.of(model, Integer.parseInt(wanted)).ranks();
    }

    private static int mostRanks(Model model, int places) {
        return ShardPlan.RANKS.stream().filter(ranks -> ranks <= places && ranks <= ShardPlan.greatest(model))
                .reduce((_, last) -> last).orElse(1);
    }

    /// The fewest ranks whose stored weights take at most three quarters of a device's memory; as many as there can be
    /// if they always take more.
    static int ranksThatHold(Model model, int devices, long deviceBytes) {
        int most = mostRanks(model, devices);
        return ShardPlan.RANKS.stream().filter(ranks -> ranks <= most)
                .filter(ranks -> ShardPlan.of(model, ranks).shares().stream()
                        .allMatch(share -> share.weightBytes() <= deviceBytes / 4 * 3))
                .findFirst().orElse(most);
    }
}
