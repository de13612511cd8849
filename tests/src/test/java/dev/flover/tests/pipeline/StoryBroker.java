package dev.flover.tests.pipeline;

import dev.flover.embedded.BrokerSignals;
import dev.flover.embedded.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/// A broker process with two addresses, one of them behind a proxy that can disturb connections. A test may put it on a
/// small disk of its own.
///
/// On the small disk the broker is started again whenever it has ended, as a service manager would do.
final class StoryBroker implements AutoCloseable {
    private static final int LIMIT_S = 60;

    private final Process process;
    private final BufferedReader output;
    private final int direct;
    private final TcpProxy proxy;
    private final Path disk;

    private StoryBroker(Process process, int direct, TcpProxy proxy, Path disk) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.direct = direct;
        this.proxy = proxy;
        this.disk = disk;
    }

    /// Starts the broker on the disk that holds `folder`.
    static StoryBroker start(Path folder) throws IOException {
        return start(folder, List.of());
    }

    /// Starts the broker on a disk of its own of the given size in megabytes. This needs a mount namespace.
    static StoryBroker startOnDisk(Path folder, int megabytes) throws IOException {
        var data = Files.createDirectories(folder.resolve("data")).toString();
        return start(folder, List.of("unshare", "-rm", "/bin/sh", "-c", "mount -t tmpfs -o size=" + megabytes
                + "m tmpfs '" + data + "' && while :; do \"$@\"; done", "sh"));
    }

    /// Tells whether this machine lets a test mount a disk.
    static boolean canMount(Path folder) throws IOException, InterruptedException {
        var trial = new ProcessBuilder("unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", folder.toString());
        try {
            return trial.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
                    .waitFor() == 0;
        } catch (IOException e) {       // `unshare` is not installed
            return false;
        }
    }

    private static StoryBroker start(Path folder, List<String> before) throws IOException {
        Files.createDirectories(folder.resolve("data"));
        int direct = freePort();
        int behind = freePort();
        var proxy = TcpProxy.before(behind);
        var settings = folder.resolve("server.properties");
        try (var out = Files.newOutputStream(settings)) {
            settings(folder.resolve("data"), direct, behind, proxy.port(), freePort()).store(out, null);
        }
        var command = new ArrayList<>(before);
        command.addAll(JavaCommand.of("dev.flover.embedded.broker.BrokerProcess")
                .with("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                        "-XX:ErrorFile=" + folder.resolve("crash.log"), "-Xlog:disable", "-Xlog:all=warning:stderr")
                .arguments(settings.toString()).line());
        var broker = new StoryBroker(new ProcessBuilder(command)
                .redirectError(folder.resolve("broker.log").toFile()).start(), direct, proxy, folder.resolve("data"));
        broker.awaitReady();
        return broker;
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Properties settings(Path data, int direct, int behind, int advertised, int controller) {
        var settings = new Properties();
        settings.setProperty("process.roles", "broker,controller");
        settings.setProperty("node.id", "1");
        settings.setProperty("listeners", "DIRECT://127.0.0.1:" + direct + ",BEHIND://127.0.0.1:" + behind
                + ",CONTROLLER://127.0.0.1:" + controller);
        settings.setProperty("advertised.listeners",
                "DIRECT://127.0.0.1:" + direct + ",BEHIND://127.0.0.1:" + advertised);
        settings.setProperty("listener.security.protocol.map",
                "DIRECT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.setProperty("inter.broker.listener.name", "DIRECT");
        settings.setProperty("controller.listener.names", "CONTROLLER");
        settings.setProperty("controller.quorum.voters", "1@127.0.0.1:" + controller);
        settings.setProperty("log.dirs", data.toString());
        for (var topic : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            settings.setProperty(topic + ".replication.factor", "1");
            settings.setProperty(topic + ".num.partitions", "1");
        }
        settings.setProperty("transaction.state.log.min.isr", "1");
        settings.setProperty("share.coordinator.state.topic.min.isr", "1");
        settings.setProperty("auto.create.topics.enable", "false");
        // The authorizer allows everything until a test adds a rule.
        settings.setProperty("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        settings.setProperty("allow.everyone.if.no.acl.found", "true");
        settings.setProperty("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        settings.setProperty("log.index.size.max.bytes", Integer.toString(1 << 20));
        // An index is a memory-mapped sparse file. When such a file cannot grow on a full disk, the record is in the
        // log but not in its count, the broker continues, and its next start deletes the segment. So no index entry is
        // ever made.
        settings.setProperty("log.index.interval.bytes", Integer.toString(Integer.MAX_VALUE));
        settings.setProperty("group.initial.rebalance.delay.ms", "0");
        settings.setProperty("group.min.session.timeout.ms", "1000");
        settings.setProperty("broker.session.timeout.ms", "4000");
        settings.setProperty("broker.heartbeat.interval.ms", "200");
        settings.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "500");
        return settings;
    }

    /// Waits until the broker's next start is complete.
    void awaitReady() throws IOException {
        for (var line = output.readLine(); !BrokerSignals.READY.equals(line); line = output.readLine()) {
            if (line == null) {
                throw new AssertionError("the broker ended before it was ready; its log is beside " + disk);
            }
        }
    }

    /// Waits until the broker on the small disk has ended; it is started again at once.
    void awaitFailure() throws Exception {
        var running = process.children().findFirst().orElseThrow();
        running.onExit().get(LIMIT_S, TimeUnit.SECONDS);
    }

    /// Returns the broker's own address, for clients whose connections are not disturbed.
    String direct() {
        return "127.0.0.1:" + direct;
    }

    /// Returns the address of the proxy, for clients whose connections may be disturbed.
    String proxied() {
        return "127.0.0.1:" + proxy.port();
    }

    TcpProxy proxy() {
        return proxy;
    }

    /// Returns the path of the small disk as other processes see it.
    Path disk() {
        return Path.of("/proc/" + process.pid() + "/root").resolve(Path.of("/").relativize(disk.toAbsolutePath()));
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        var children = process.descendants().toList();
        process.destroyForcibly().onExit().join();
        children.forEach(child -> {
            child.destroyForcibly();
            child.onExit().join();
        });
    }
}
