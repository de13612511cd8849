package dev.flover.topology.setup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The local folder of a process. It keeps the process's name in the consumer group, and tells whether the previous
/// process in this folder ended properly.
///
/// ```
///   instance   the name, made at the first start
///   lock       held while a process uses the folder
///   running    the name of a process, from its start to its proper end
///   ended      that file, of the newest process that came to one
/// ```
public final class InstanceFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceFolder.class);
    private static final Pattern NAME = Pattern.compile("[0-9a-f-]{36}");

    private final Path running;
    private final Path ended;
    private final Path name;
    private String instance;
    private final boolean lastLifeEndedBadly;
    private final Optional<UUID> before;
    private final FileChannel lockFile;

    /// Opens the folder, locks it, and notes that this process runs.
    ///
    /// @param process a name that no other process has, also not an earlier one
    /// @throws IllegalStateException if another process uses the folder
    public InstanceFolder(Path folder, UUID process) {
        try {
            Files.createDirectories(folder);
            lockFile = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            lock(folder);
            running = folder.resolve("running");
            ended = folder.resolve("ended");
            name = folder.resolve("instance");
            instance = instanceName(name);
            lastLifeEndedBadly = Files.exists(running);
            before = nameIn(ended);
            Files.writeString(running, process.toString());
        } catch (IOException e) {
            throw new UncheckedIOException("the state folder " + folder + " cannot be used: " + e.getMessage(), e);
        }
    }

    private void lock(Path folder) throws IOException {
        FileLock lock;
        try {
            lock = lockFile.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            lockFile.close();
            throw new IllegalStateException("the state folder " + folder
                    + " is in use by another pipeline; stop that one, or give this one a folder of its own");
        }
    }

    /// The name in a file; a new name where the file does not exist, or was cut short or overwritten.
    private static String instanceName(Path file) throws IOException {
        if (Files.exists(file)) {
            String found = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).strip();
            if (NAME.matcher(found).matches()) {
                return found;
            }
            LOG.warn("expected a name in {}, found none; this instance gets a new one, and the group may wait for the "
                    + "old one until its session ends", file);
        }
        String name = UUID.randomUUID().toString();
        Files.writeString(file, name);
        return name;
    }

    public String instance() {
        return instance;
    }

    /// Gives this process a new name, because another process has the same one: two static members with one name would
    /// end each other's membership again and again.
    public void takeAnotherName() {
        String taken = instance;
        instance = UUID.randomUUID().toString();
        LOG.warn("another process runs with the name {} of this one, from a copy of the state folder {}; this one "
                + "takes the name {} now. Give each process a folder of its own, without the file `instance` where it "
                + "is copied", taken, name.getParent(), instance);
        try {
            Files.writeString(name, instance);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + name, e);
        }
    }

    public boolean lastLifeEndedBadly() {
        return lastLifeEndedBadly;
    }

    /// The newest earlier process in this folder that ended properly.
    public Optional<UUID> endedBefore() {
        return before;
    }

    private static Optional<UUID> nameIn(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String found = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).strip();
        return NAME.matcher(found).matches() ? Optional.of(UUID.fromString(found)) : Optional.empty();
    }

    /// Notes that this process has ended properly.
    public void endedWell() {
        try {
            Files.move(running, ended, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rename " + running, e);
        }
    }

    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
