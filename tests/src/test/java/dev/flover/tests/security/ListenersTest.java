package dev.flover.tests.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checks the addresses on which the parts of `up --embedded` listen: broker, controller, registry and metrics.
class ListenersTest {
    /// 127.0.0.1, as IPv4 and as IPv6 write it, on a little-endian machine.
    private static final Set<String> LOOPBACK =
            Set.of("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000");

    @TempDir
    private Path folder;

    @Test
    void everythingListensOnLoopbackOnly() throws Exception {
        assumeTrue(ListeningSockets.canBeSeen(), "no /proc to look at sockets");
        try (var up = FloverProcess.start(folder, Map.of(), "up", "--embedded", "--metrics-port", "0", "--data",
                folder.resolve("data").toString())) {
            up.awaitLine("ready");
            assertThat(up.family()).hasSizeGreaterThan(1);
            assertThat(ListeningSockets.of(up.family())).isNotEmpty().isSubsetOf(LOOPBACK);
            up.stop();
        }
    }

    @Test
    void aListenerOnAllAddressesWouldBeSeen() throws Exception {
        assumeTrue(ListeningSockets.canBeSeen(), "no /proc to look at sockets");
        try (var everywhere = new ServerSocket(0)) {
            assertThat(everywhere.isBound()).isTrue();
            // Servers that other tests of this JVM share listen on loopback.
            assertThat(ListeningSockets.of(List.of(ProcessHandle.current())))
                    .anyMatch(address -> !LOOPBACK.contains(address));
        }
        try (var here = new ServerSocket()) {
            here.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            assertThat(LOOPBACK).containsAnyElementsOf(ListeningSockets.of(List.of(ProcessHandle.current())));
        }
    }
}
