package dev.flover.engine.tensor;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/// An open and mapped file with stored tensors.
///
/// A mapping does not protect from changes of the file: what was cut from it cannot be read any more. A file that was
/// removed or replaced by another one stays readable.
public final class TensorFile {
    private static final String REPAIR = "; put the whole file there and start again (to replace a model, write the new"
            + " file beside it and rename it)";

    private final Path path;
    private final FileChannel channel;
    private final MemorySegment mapped;

    /// @param channel of the file, open as long as the mapping
    /// @param mapped  the whole file
    public TensorFile(Path path, FileChannel channel, MemorySegment mapped) {
        this.path = path;
        this.channel = channel;
        this.mapped = mapped;
    }

    public Path path() {
        return path;
    }

    /// The length of the file when it was mapped.
    public long bytes() {
        return mapped.byteSize();
    }

    /// Reads bytes of a tensor of this file, not from the mapping. Copying from the system's cache takes less time than
    /// mapping the pages does, and what cannot be read is an error of a call. If a thread was interrupted while it
    /// read, which closes the file for all threads, bytes are copied from the mapping.
    ///
    /// @param from the offset of the first byte in the tensor's data
    /// @param to   filled up to its limit
    /// @throws IOException if the file was cut or cannot be read; the message is one sentence for a person
    public void read(StoredTensor tensor, long from, ByteBuffer to) throws IOException {
        long at = tensor.data().address() - mapped.address() + from;
        try {
            while (to.hasRemaining()) {
                int count = channel.read(to, at);
                if (count < 0) {
                    throw new EOFException();
                }
                at += count;
            }
        } catch (ClosedChannelException e) {
            to.put(mapped.asSlice(at, to.remaining()).asByteBuffer());
        } catch (EOFException e) {
            throw new IOException(unreadable("tensor " + tensor.name()), e);
        } catch (IOException e) {
            throw new IOException(path + ": tensor " + tensor.name() + " cannot be read: " + e + REPAIR, e);
        }
    }

    /// What is wrong if the file is shorter now, or the system does not tell its length; otherwise empty. Empty, too,
    /// if a thread was interrupted while it read the file.
    public Optional<String> problem() {
        try {
            long now = channel.size();
            return now >= bytes() ? Optional.empty()
                    : Optional.of(path + ": was cut while it was loaded: it had " + bytes() + " bytes and has " + now
                            + REPAIR);
        } catch (ClosedChannelException e) {
            return Optional.empty(); // a thread was interrupted while it read: the length is not known
        } catch (IOException e) {
            return Optional.of(path + ": cannot be read any more: " + e + REPAIR);
        }
    }

    /// What is wrong where a part of the file could not be read.
    public String unreadable(String what) {
        return problem().orElseGet(() -> unreadable(path, what));
    }

    /// What is wrong where a part of a file could not be read, and nothing is known about its length.
    public static String unreadable(Path path, String what) {
        return path + ": " + what + " cannot be read: the file was cut while it was loaded, or its disk has failed"
                + REPAIR;
    }

    /// Whether a failure is that of Java code which read a part of a mapping that the system could not read.
    public static boolean isUnreadable(Throwable failure) {
        for (var each = failure; each != null; each = each.getCause()) {
            if (each instanceof InternalError && String.valueOf(each.getMessage()).contains("memory access")) {
                return true;
            }
        }
        return false;
    }
}
