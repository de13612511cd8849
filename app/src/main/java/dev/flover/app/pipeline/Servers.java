package dev.flover.app.pipeline;

import dev.flover.app.connection.Connection;
import dev.flover.app.embedded.EmbeddedBroker;
import dev.flover.app.embedded.EmbeddedRegistry;
import java.nio.file.Path;

/// The broker and the registry that a pipeline works with: somebody else's, or embedded ones that end with this.
public final class Servers implements AutoCloseable {
    private final Connection connection;
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;

    private Servers(Connection connection, EmbeddedBroker broker, EmbeddedRegistry registry) {
        this.connection = connection;
        this.broker = broker;
        this.registry = registry;
    }

    /// Those at an address; nothing is started or stopped.
    public static Servers at(Connection connection) {
        return new Servers(connection, null, null);
    }

    /// Starts both on free loopback ports, with all they store in a folder. What was stored there before is there again.
    public static Servers embedded(Path folder) {
        var registry = EmbeddedRegistry.start(folder.resolve("registry"));
        try {
            var broker = EmbeddedBroker.start(folder.resolve("kafka"));
            return new Servers(Connection.of(broker.bootstrapServers(), registry.url()), broker, registry);
        } catch (RuntimeException | Error e) {
            registry.close();
            throw e;
        }
    }

    public Connection connection() {
        return connection;
    }

    /// Whether what we started still runs.
    public boolean isAlive() {
        return broker == null || broker.isAlive();
    }

    @Override
    public void close() {
        if (broker != null) {
            broker.close();
            registry.close();
        }
    }
}
