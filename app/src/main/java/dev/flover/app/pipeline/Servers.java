package dev.flover.app.pipeline;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.flover.app.connection.Connection;
import dev.flover.app.options.CommandException;
import dev.flover.embedded.EmbeddedBroker;
import dev.flover.embedded.EmbeddedRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The broker and the registry of a pipeline: servers that run elsewhere, or embedded ones that are stopped on close.
public final class Servers implements AutoCloseable {
    private final Connection connection;
    private final @Nullable EmbeddedBroker broker;
    private final @Nullable EmbeddedRegistry registry;
    private final @Nullable FileChannel folderLock;

    private Servers(
            Connection connection, @Nullable EmbeddedBroker broker, @Nullable EmbeddedRegistry registry,
            @Nullable FileChannel folderLock) {
        this.folderLock = folderLock;
        this.connection = connection;
        this.broker = broker;
        this.registry = registry;
    }

    /// Uses running servers at the given addresses; nothing is started or stopped.
    public static Servers at(Connection connection) {
        return new Servers(connection, null, null, null);
    }

    /// Starts both servers on the loopback address with their data in a folder. Data from an earlier start is kept.
    ///
    /// @throws CommandException if other embedded servers use the folder
    static Servers embedded(Path folder, EmbeddedPorts ports) {
        return embedded(folder, ports.registry(), data -> ports.broker()
                .map(port -> EmbeddedBroker.start(data.resolve("kafka"), port))
                .orElseGet(() -> EmbeddedBroker.start(data.resolve("kafka"))));
    }

    /// Starts both servers on free ports, for the lifetime of the folder. If this process is killed, the broker's
    /// process notices and deletes the folder.
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

    /// Locks a folder, because two brokers in one folder would destroy each other's data.
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

    /// Tells whether the embedded servers still run; always true for servers that were not started here.
    public boolean isAlive() {
        return broker == null || broker.isAlive();
    }

    @Override
    public void close() {
        if (broker != null) {
            broker.close();
        }
        if (registry != null) {
            registry.close();
        }
        if (folderLock != null) {
            release(folderLock);
        }
    }
}
