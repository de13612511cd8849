package dev.flover.app.options;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A text file that is named on the command line; `-` means standard input. The encoding is always UTF-8.
public final class InputFile {
    private InputFile() {}

    public static BufferedReader open(String name) throws IOException {
        if (name.equals("-")) {
            return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8.newDecoder()));
        }
        return Files.newBufferedReader(Path.of(name));
    }

    /// Makes the error that says in words why a file cannot be read.
    public static CommandException unreadable(String name, Exception cause) {
        Throwable reason = cause.getCause() instanceof IOException inner ? inner : cause;
        String problem = switch (reason) {
            case NoSuchFileException missing -> "there is no such file";
            case AccessDeniedException denied -> "no permission to read it";
            case CharacterCodingException malformed -> "it is not UTF-8 text";
            default -> Files.isDirectory(Path.of(name)) ? "it is a folder" : String.valueOf(reason.getMessage());
        };
        return new CommandException("cannot read " + name + ": " + problem, cause);
    }
}
