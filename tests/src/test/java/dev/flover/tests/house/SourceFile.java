package dev.flover.tests.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A source file that the rules are applied to.
///
/// @param path the file's path relative to the repository, with slashes
record SourceFile(String path, String text) {
    static SourceFile read(Path root, Path file) {
        try {
            return new SourceFile(root.relativize(file).toString().replace('\\', '/'), Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isJava() {
        return path.endsWith(".java");
    }

    String folder() {
        return path.substring(0, path.lastIndexOf('/'));
    }
}
