package dev.flover.engine.backend.ranks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads files as Linux has them on a machine with two sockets; these tests have not run on such a machine.
class NumaNodesTest {
    @TempDir
    private Path folder;

    @Test
    void eachNodeHasItsProcessorsThatTheProcessMayUse() throws IOException {
        var nodes = NumaNodes.read(twoNodes("0-3,8-11", "4-7,12-15"), status("2-5,8,15"));
        assertThat(nodes.nodes()).containsExactly(new CpuSet(List.of(2, 3, 8)), new CpuSet(List.of(4, 5, 15)));
        assertThat(nodes.of(0, 4)).isEqualTo(nodes.of(1, 4)).isEqualTo(nodes.nodes().getFirst());
        assertThat(nodes.of(2, 4)).isEqualTo(nodes.of(3, 4)).isEqualTo(nodes.nodes().getLast());
    }

    @Test
    void nodesWithoutUsableProcessorsDoNotCount() throws IOException {
        var nodes = NumaNodes.read(twoNodes("0-3", ""), status("0-63"));
        assertThat(nodes.nodes()).containsExactly(new CpuSet(List.of(0, 1, 2, 3)));
    }

    @Test
    void aSystemWithoutTheseFilesHasNoNodes() {
        assertThat(NumaNodes.read(folder.resolve("none"), folder.resolve("status")).nodes()).isEmpty();
    }

    @Test
    void theThreadOfEachRankIsBoundToItsNode() throws IOException {
        var allowed = allowed();
        assumeTrue(allowed.cpus().size() > 1, "needs two processors");
        var nodes = NumaNodes.read(twoNodes("" + allowed.cpus().get(0), "" + allowed.cpus().get(1)), status("0-8191"));
        assumeTrue(nodes.canBind(), "needs a system that lets threads be bound");
        var found = new ConcurrentHashMap<Integer, CpuSet>();
        try (var threads = new RankThreads(2, rank -> nodes.of(rank, 2).bind(), () -> { })) {
            threads.each(rank -> found.put(rank, allowed()));
        }
        assertThat(found).containsEntry(0, nodes.nodes().get(0)).containsEntry(1, nodes.nodes().get(1));
        assertThat(allowed()).as("of the thread that opened them").isEqualTo(allowed);
    }

    /// The processors that this thread may use, as the system tells.
    private static CpuSet allowed() {
        try {
            var line = Pattern.compile("Cpus_allowed_list:\\s*(\\S+)")
                    .matcher(Files.readString(Path.of("/proc/thread-self/status")));
            assumeTrue(line.find(), "needs a system that tells the processors of a thread");
            return CpuSet.parse(line.group(1));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Path twoNodes(String first, String second) throws IOException {
        var system = folder.resolve("node");
        for (int node = 0; node < 2; node++) {
            Files.createDirectories(system.resolve("node" + node));
            Files.writeString(system.resolve("node" + node).resolve("cpulist"), (node == 0 ? first : second) + "\n");
        }
        Files.writeString(system.resolve("online"), "0-1\n");
        return system;
    }

    private Path status(String cpus) throws IOException {
        return Files.writeString(folder.resolve("status"),
                "Name:\tjava\nCpus_allowed:\tffff\nCpus_allowed_list:\t" + cpus + "\nMems_allowed_list:\t0-1\n");
    }
}
