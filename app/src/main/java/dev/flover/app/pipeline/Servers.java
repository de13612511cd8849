package dev.flover.app.pipeline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.flover.app.connection.Connection;
import dev.flover.app.embedded.EmbeddedBroker;
import dev.flover.app.embedded.EmbeddedRegistry;
import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/// The broker and the registry that a pipeline works with: somebody else's, or embedded ones that end with this.
public final class Servers implements AutoCloseable {
    private final Connection connection;
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;
    private final FileChannel folderLock;

    private Servers(
            Connection connection, EmbeddedBroker broker, EmbeddedRegistry registry, FileChannel folderLock) {
        this.folderLock = folderLock;
        this.connection = connection;
        this.broker = broker;
        this.registry = registry;
    }

    /// Those at an address; nothing is started or stopped.
    public static Servers at(Connection connection) {
        return new Servers(connection, null, null, null);
    }

    /// Starts both on loopback, with all they store in a folder. What was stored there is there again.
    ///
    /// @throws CommandException if other embedded servers use the folder
    static Servers embedded(Path folder, EmbeddedPorts ports) {
        return embedded(folder, ports.registry(), data -> ports.broker()
                .map(port -> EmbeddedBroker.start(data.resolve("kafka"), port))
                .orElseGet(() -> EmbeddedBroker.start(data.resolve("kafka"))));
    }

    /// Starts both on free ports, for the life of the folder. Where this process is killed, the broker notices
    /// and takes the folder along.
    public static Servers temporary(TemporaryFolder folder) {
        return embedded(folder.path(), Optional.empty(), EmbeddedBroker::startTemporary);
    }

    private static Servers embedded(
            Path folder, Optional<Integer> registryPort, Function<Path, EmbeddedBroker> starting) {
        FileChannel lock = lock(folder);
        EmbeddedRegistry registry = null;
        try {
            var data = folder.resolve("registry");
            registry = registryPort.map(port -> EmbeddedRegistry.start(data, port))
                    .orElseGet(() -> EmbeddedRegistry.start(data));
            var broker = starting.apply(folder);
            return new Servers(Connection.of(broker.bootstrapServers(), registry.url()), broker, registry, lock);
        } catch (RuntimeException | Error e) {
            if (registry != null) {
                registry.close();
            }
            release(lock);
            throw e;
        }
    }

    /// Two brokers in one folder would ruin each other.
    private static FileChannel lock(Path folder) {
        try {
            Files.createDirectories(folder);
            var file = FileChannel.open(folder.resolve("embedded.lock"), CREATE, WRITE);
            if (file.tryLock() == null) {
                file.close();
                throw inUse(folder);
            }
            return file;
        } catch (OverlappingFileLockException e) {
            throw inUse(folder);
        } catch (IOException e) {
            throw new CommandException(
                    "the data folder " + folder + " cannot be used: " + CommandException.reason(e), e);
        }
    }

    private static CommandException inUse(Path folder) {
        return new CommandException("the data folder " + folder
                + " is in use by another `flover up --embedded`; stop that one, or give --data another folder");
    }

    private static void release(FileChannel lock) {
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
            release(folderLock);
        }
    }
}
