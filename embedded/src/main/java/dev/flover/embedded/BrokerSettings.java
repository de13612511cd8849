package dev.flover.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/// The broker's `server.properties`: one node, small buffers, and short timeouts so that a killed broker is noticed
/// soon.
final class BrokerSettings {
    private static final String CLIENT_PORT = "flover.client.port";
    private static final String CONTROLLER_PORT = "flover.controller.port";

    private BrokerSettings() {}

    static Properties of(Path data, BrokerPorts ports) {
        var settings = new Properties();
        identity(settings, ports);
        settings.setProperty("log.dirs", data.toString());
        singleReplica(settings);
        small(settings);
        quick(settings);
        return settings;
    }

    static void write(Path file, Properties settings) {
        try (var out = Files.newOutputStream(file)) {
            settings.store(out, null);
        } catch (IOException e) {
            throw new UncheckedIOException("writing " + file, e);
        }
    }

    private static Properties read(Path file) {
        var settings = new Properties();
        try (var in = Files.newInputStream(file)) {
            settings.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + file, e);
        }
        return settings;
    }

    /// Returns the ports of the last run in a folder, so that clients of a restarted broker find it again.
    static Optional<BrokerPorts> portsIn(Path file) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            var settings = read(file);
            return Optional.of(new BrokerPorts(Integer.parseInt(settings.getProperty(CLIENT_PORT)),
                    Integer.parseInt(settings.getProperty(CONTROLLER_PORT))));
        } catch (IllegalArgumentException e) {      // the file is damaged
            return Optional.empty();
        }
    }

    private static void identity(Properties settings, BrokerPorts ports) {
        var client = "CLIENT://127.0.0.1:" + ports.client();
        settings.setProperty("process.roles", "broker,controller");
        settings.setProperty("node.id", "1");
        settings.setProperty("listeners", client + ",CONTROLLER://127.0.0.1:" + ports.controller());
        settings.setProperty("advertised.listeners", client);
        settings.setProperty("listener.security.protocol.map", "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.setProperty("inter.broker.listener.name", "CLIENT");
        settings.setProperty("controller.listener.names", "CONTROLLER");
        settings.setProperty("controller.quorum.voters", "1@127.0.0.1:" + ports.controller());
        settings.setProperty(CLIENT_PORT, Integer.toString(ports.client()));
        settings.setProperty(CONTROLLER_PORT, Integer.toString(ports.controller()));
    }

    private static void singleReplica(Properties settings) {
        settings.setProperty("offsets.topic.replication.factor", "1");
        settings.setProperty("transaction.state.log.replication.factor", "1");
        settings.setProperty("transaction.state.log.min.isr", "1");
        settings.setProperty("share.coordinator.state.topic.replication.factor", "1");
        settings.setProperty("share.coordinator.state.topic.min.isr", "1");
        settings.setProperty("auto.create.topics.enable", "false");
    }

    private static void small(Properties settings) {
        settings.setProperty("offsets.topic.num.partitions", "1");
        settings.setProperty("transaction.state.log.num.partitions", "1");
        settings.setProperty("share.coordinator.state.topic.num.partitions", "1");
        settings.setProperty("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        settings.setProperty("log.index.size.max.bytes", Integer.toString(1 << 20));
        settings.setProperty("num.network.threads", "2");
        settings.setProperty("num.io.threads", "2");
        settings.setProperty("background.threads", "2");
        settings.setProperty("metric.reporters", "");
    }

    private static void quick(Properties settings) {
        settings.setProperty("group.initial.rebalance.delay.ms", "0");
        settings.setProperty("group.min.session.timeout.ms", "1000");
        // After a kill, the broker can return when this time has passed. A broker that stalls for longer loses its
        // partitions until it continues.
        settings.setProperty("broker.session.timeout.ms", "4000");
        settings.setProperty("broker.heartbeat.interval.ms", "200");
        // The markers of a transaction are written after its commit was answered. The next transaction's first write
        // waits for them and retries; the default retry interval is 20 ms.
        settings.setProperty("add.partitions.to.txn.retry.backoff.ms", "1");
        settings.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "500");
    }
}
