package dev.flover.engine.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A mapped file with stored tensors, as it was when it was mapped.
///
/// A mapping does not protect from changes of the file. What was cut from it cannot be read any more; a file that was
/// removed or replaced by another one stays readable.
///
/// @param bytes its length
/// @param key   identifies the file on its disk, whatever its name; null if the system has no such number
public record TensorFile(Path path, long bytes, @Nullable Object key) {
    private static final String REPAIR = "; put the whole file there and start again (to replace a model, write the new"
            + " file beside it and rename it)";

    public static TensorFile of(Path path, long bytes) throws IOException {
        return new TensorFile(path, bytes, Files.readAttributes(path, BasicFileAttributes.class).fileKey());
    }

    /// What is wrong if the file is shorter now, or cannot be found on a disk that does not answer; otherwise empty.
    public Optional<String> problem() {
        try {
            var now = Files.readAttributes(path, BasicFileAttributes.class);
            return now.size() >= bytes || !Objects.equals(now.fileKey(), key) ? Optional.empty()
                    : Optional.of(path + ": was cut while it was loaded: it had " + bytes + " bytes and has "
                            + now.size() + REPAIR);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(path + ": cannot be read any more: " + e.getMessage() + REPAIR);
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
