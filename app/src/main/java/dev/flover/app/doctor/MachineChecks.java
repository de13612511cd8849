package dev.flover.app.doctor;

import com.sun.management.OperatingSystemMXBean;
import dev.flover.app.connection.RunningPipeline;
import dev.flover.app.options.CommandException;
import dev.flover.app.pipeline.DataFolder;
import dev.flover.app.pipeline.PipelineSettings;
import dev.flover.app.settings.SettingTable;
import dev.flover.app.settings.Settings;
import dev.flover.engine.Backends;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.loading.ModelLoader;
import dev.flover.engine.loading.ModelSummary;
import dev.flover.engine.model.ModelConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Checks of this machine: the JDK, the processor, the memory, the backends, the data folder and the ports.
final class MachineChecks {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final Path NVIDIA_VERSION = Path.of("/proc/driver/nvidia/version");
    private static final Set<String> INSTRUCTION_SETS = Set.of("avx2", "fma", "f16c", "avx512f", "avx512bw",
            "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "asimd", "sve");
    private static final int LOADED_JAVA = 25;
    private static final long LEAST_FREE_DISK = 1L << 30;

    private final Settings settings;
    private final PipelineSettings pipeline;

    MachineChecks(Settings settings) {
        this.settings = settings;
        this.pipeline = new PipelineSettings(settings);
    }

    List<Finding> all() {
        var findings = new ArrayList<Finding>();
        findings.add(java());
        findings.add(cores());
        findings.addAll(modelAndMemory());
        findings.addAll(backends());
        findings.add(dataFolder());
        findings.addAll(ports());
        return findings;
    }

    private static Finding java() {
        String found = "Java " + Runtime.version() + ", " + System.getProperty("java.vendor") + ", heap at most "
                + gigabytes(Runtime.getRuntime().maxMemory());
        return Runtime.version().feature() == LOADED_JAVA ? Finding.ok("java", found)
                : Finding.warn("java", found, "run it with a JDK " + LOADED_JAVA + ", which the tests use");
    }

    private static Finding cores() {
        int cores = Runtime.getRuntime().availableProcessors();
        var sets = instructionSets();
        String found = cores + " cores, " + System.getProperty("os.arch") + (sets.isEmpty() ? ""
                : ": " + String.join(" ", sets));
        return cores > 1 ? Finding.ok("cores", found) : Finding.warn("cores", found, "give the process two cores: with "
                + "one, the stream thread and the computation interrupt each other");
    }

    private static Set<String> instructionSets() {
        var found = new TreeSet<String>();
        try (var lines = Files.lines(CPU_INFO)) {
            lines.filter(line -> line.startsWith("flags") || line.startsWith("Features")).findFirst()
                    .ifPresent(line -> found.addAll(List.of(line.substring(line.indexOf(':') + 1).strip().split(" "))));
        } catch (IOException e) {
            return Set.of();        // systems other than Linux
        }
        found.retainAll(INSTRUCTION_SETS);
        return found;
    }

    private List<Finding> modelAndMemory() {
        ModelSummary model;
        try {
            model = ModelLoader.inspect(pipeline.model(), settings.find(SettingTable.CONTEXT).orElse(0));
        } catch (ModelFileException e) {
            return List.of(Finding.fail("model", e.getMessage(), "give --model another file"));
        }
        var config = model.config();
        if (config == null) {
            return List.of(Finding.fail("model", model.path() + " holds only a vocabulary",
                    "give --model a file with weights"));
        }
        String shape = model.path().getFileName() + ", " + model.architecture() + ", " + gigabytes(model.bytes())
                + ", context of " + config.contextLength() + " positions";
        var finding = model.warnings().isEmpty() ? Finding.ok("model", shape)
                : Finding.warn("model", shape + "; " + String.join("; ", model.warnings()),
                        "check the answers, or use a file that Flover can follow");
        return List.of(finding, memory(model, config));
    }

    private Finding memory(ModelSummary model, ModelConfig shape) {
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        var config = pipeline.engine();
        long block = model.cachedBytes(settings.get(SettingTable.KV_BITS)) * config.blockTokens();
        long wanted = (long) config.maxSequences()
                * Math.ceilDiv(shape.contextLength(), config.blockTokens());
        int engines = settings.find(SettingTable.ENGINES).orElse(1);
        long quarter = system.getTotalMemorySize() / 4 / block / engines;
        long blocks = config.kvBlocks() > 0 ? config.kvBlocks() : Math.max(1, Math.min(wanted, quarter));
        long needed = engines * (model.bytes() + blocks * block);
        String found = (engines == 1 ? "" : engines + " engines, each with ") + "model " + gigabytes(model.bytes())
                + " and KV cache " + gigabytes(blocks * block) + " (" + blocks + " blocks, "
                + (shape.windowOfSome() > 0 ? "at least " : "")
                + Math.min(config.maxSequences(), blocks * config.maxSequences() / wanted)
                + " whole contexts) of " + gigabytes(system.getTotalMemorySize()) + " memory";
        if (needed > system.getTotalMemorySize()) {
            return Finding.fail("memory", found, "choose a smaller model or less --kv-blocks, or compute on a device");
        }
        return needed > system.getFreeMemorySize() + reclaimable()
                ? Finding.warn("memory", found + "; " + gigabytes(system.getFreeMemorySize() + reclaimable())
                        + " are free now", "end other programs, or choose less --kv-blocks")
                : Finding.ok("memory", found);
    }

    /// Returns the bytes of the page cache that Linux would give up for programs; 0 where it does not tell.
    private static long reclaimable() {
        try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
            return lines.filter(line -> line.startsWith("Cached:")).findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).orElse(0L);
        } catch (IOException e) {
            return 0;
        }
    }

    private List<Finding> backends() {
        var findings = new ArrayList<Finding>();
        String wanted = settings.get(SettingTable.BACKEND);
        for (var report : Backends.survey()) {
            if (report.name().equals("cuda")) {
                findings.add(gpu(report.usable(), report.detail(), wanted.equals("cuda")));
            }
        }
        try (var backend = Backends.open(wanted, settings.find(SettingTable.THREADS).orElse(0))) {
            findings.add(Finding.ok("backend", wanted + " takes " + backend.name() + ": " + backend.describe()));
        } catch (RuntimeException e) {
            findings.add(Finding.fail("backend", wanted + ": " + e.getMessage(),
                    "choose another --backend; `flover devices` lists them"));
        }
        return findings;
    }

    private static Finding gpu(boolean usable, String detail, boolean wanted) {
        String driver = nvidiaDriver().map(version -> "; driver: " + version).orElse("; no NVIDIA driver is loaded");
        if (usable) {
            return Finding.ok("gpu", detail + driver);
        }
        return wanted ? Finding.fail("gpu", detail + driver, "install the driver, or choose --backend cpu")
                : Finding.ok("gpu", "not used: " + detail.split(": ", 2)[0] + driver);
    }

    private static Optional<String> nvidiaDriver() {
        try (var lines = Files.lines(NVIDIA_VERSION)) {
            return lines.findFirst().map(String::strip);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Finding dataFolder() {
        Path folder = pipeline.data();
        try {
            Path existing = existing(folder);
            if (existing.equals(folder)) {
                DataFolder.require(folder);
            } else if (!Files.isDirectory(existing) || !Files.isWritable(existing)) {
                return Finding.fail("data", folder + " cannot be created in " + existing,
                        "give --data a folder that can be written to");
            }
            long free = Files.getFileStore(existing).getUsableSpace();
            String found = folder + (existing.equals(folder) ? ", " : ", which `up` creates, ") + gigabytes(free)
                    + " free";
            return free >= LEAST_FREE_DISK ? Finding.ok("data", found) : Finding.warn("data", found,
                    "make room: the state and its checkpoints are written there");
        } catch (CommandException | IOException e) {
            return Finding.fail("data", CommandException.reason(e), "give --data a folder that can be written to");
        }
    }

    /// Returns the folder, or the nearest folder above it that exists: a check creates nothing.
    private static Path existing(Path folder) {
        Path existing = folder.toAbsolutePath();
        while (!Files.exists(existing)) {
            existing = Objects.requireNonNull(existing.getParent(), "the root folder exists");
        }
        return existing;
    }

    private List<Finding> ports() {
        var findings = new ArrayList<Finding>();
        findings.add(port("metrics", settings.get(SettingTable.METRICS_HOST), settings.get(SettingTable.METRICS_PORT),
                "--metrics-port"));
        settings.find(SettingTable.HTTP).ifPresent(address -> {
            int colon = address.lastIndexOf(':');
            findings.add(port("http", colon < 0 ? "127.0.0.1" : address.substring(0, colon).replaceAll("[\\[\\]]", ""),
                    Integer.parseInt(address.substring(colon + 1)), "--http"));
        });
        if (settings.get(SettingTable.EMBEDDED)) {
            settings.find(SettingTable.BROKER_PORT)
                    .ifPresent(port -> findings.add(port("broker", "127.0.0.1", port, "--broker-port")));
            settings.find(SettingTable.REGISTRY_PORT)
                    .ifPresent(port -> findings.add(port("registry", "127.0.0.1", port, "--registry-port")));
        }
        return findings;
    }

    private static Finding port(String of, String host, int port, String option) {
        String name = "port of " + of;
        if (port == 0) {
            return Finding.ok(name, "any free one at " + host);
        }
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(host, port));
            return Finding.ok(name, host + ":" + port + " is free");
        } catch (IOException | IllegalArgumentException e) {
            var holder = RunningPipeline.all().stream().filter(each -> each.metricsUrl().endsWith(":" + port))
                    .findFirst();
            if (holder.isPresent()) {
                return Finding.ok(name, host + ":" + port + " is used by the pipeline that runs here, process "
                        + holder.get().pid());
            }
            return Finding.warn(name, host + ":" + port + " cannot be opened: " + e.getMessage(),
                    "if no pipeline of yours runs there, choose another with " + option);
        }
    }

    static String gigabytes(long bytes) {
        return bytes < 1_000_000_000 ? String.format(Locale.ROOT, "%,.0f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%,.1f GB", bytes / 1e9);
    }
}
