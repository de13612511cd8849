package dev.flover.engine.backend.ranks;

import dev.flover.engine.api.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The parts of a machine's memory that are near to some of its processors (NUMA nodes), as Linux describes them in its
/// files.
///
/// @param nodes for each node that has processors which this process may use, these processors
public record NumaNodes(List<CpuSet> nodes) {
    private static final Path SYSTEM = Path.of("/sys/devices/system/node");
    private static final Path PROCESS = Path.of("/proc/self/status");
    private static final Pattern NODE = Pattern.compile("node(\\d+)");
    private static final Pattern ALLOWED = Pattern.compile("Cpus_allowed_list:\\s*(\\S+)");

    public NumaNodes {
        nodes = List.copyOf(nodes);
    }

    /// The nodes of this machine; none if the system does not describe them.
    public static NumaNodes ofThisMachine() {
        return read(SYSTEM, PROCESS);
    }

    /// @param system  a folder with a folder `node0`, `node1`, ... for each node
    /// @param process the file that names the processors which the process may use
    static NumaNodes read(Path system, Path process) {
        if (!Files.isDirectory(system) || !Files.isReadable(process)) {
            return new NumaNodes(List.of());
        }
        try (var files = Files.list(system)) {
            var allowed = ALLOWED.matcher(Files.readString(process));
            var usable = allowed.find() ? CpuSet.parse(allowed.group(1)) : new CpuSet(List.of());
            var found = new ArrayList<CpuSet>();
            for (int number : files.flatMapToInt(NumaNodes::number).sorted().toArray()) {
                var cpus = CpuSet.parse(Files.readString(system.resolve("node" + number).resolve("cpulist")).strip());
                var both = cpus.and(usable);
                if (!both.cpus().isEmpty()) {
                    found.add(both);
                }
            }
            return new NumaNodes(found);
        } catch (IOException | NumberFormatException e) {
            throw new EngineException("cannot read the NUMA nodes of this machine in " + system + ": " + e, e);
        }
    }

    private static IntStream number(Path folder) {
        var name = NODE.matcher(folder.getFileName().toString());
        return name.matches() ? IntStream.of(Integer.parseInt(name.group(1))) : IntStream.empty();
    }

    /// The processors of the node to which a rank belongs: consecutive ranks share a node if there are more ranks than
    /// nodes.
    public CpuSet of(int rank, int ranks) {
        return nodes.get(rank * nodes.size() / ranks);
    }

    /// Whether the system lets threads of this process be bound to each of the nodes. Some containers do not.
    public boolean canBind() {
        var bound = new AtomicBoolean(true);
        var trial = Thread.ofPlatform().start(() -> nodes.forEach(cpus -> bound.compareAndSet(true, cpus.bind())));
        try {
            trial.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return bound.get();
    }
}
