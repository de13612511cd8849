package dev.flover.app.batch.files;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import dev.flover.schemas.lines.BatchLine;
import dev.flover.schemas.lines.BatchLines;
import dev.flover.schemas.lines.LineInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The file of requests of a job.
///
/// @param name  as the user gave it
/// @param file  the file that is read: the copy, if the name means standard input; null if the job was submitted
///              before, and only its answers are wanted
/// @param job   the job's id: a hash of the file's contents and of the options that change its requests
/// @param lines number of lines that are not empty
public record BatchInput(String name, @Nullable Path file, String job, long lines) {
    private static final String STANDARD_INPUT = "-";
    private static final int ID_DIGITS = 24;

    /// Reads the file once, to count its lines and to make the job's id. Standard input is copied to a file first,
    /// because a job that goes on reads its lines again. A copy that exists is used, and standard input is not read.
    ///
    /// @param options the options that change the requests
    /// @throws CommandException if the file cannot be read
    public static BatchInput of(String name, JobFiles files, List<String> options) {
        Path file = name.equals(STANDARD_INPUT) ? files.input() : Path.of(name);
        try {
            if (name.equals(STANDARD_INPUT) && !Files.exists(file)) {
                copy(System.in, file);
            }
        } catch (IOException e) {
            throw InputFile.unreadable(name, e);
        }
        return read(name, file, options);
    }

    /// Reads a file once, to count its lines and to make the job's id.
    ///
    /// @param options the options that change the requests
    /// @throws CommandException if the file cannot be read
    public static BatchInput of(Path file, List<String> options) {
        return read(file.toString(), file, options);
    }

    private static BatchInput read(String name, Path file, List<String> options) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            long lines = 0;
            try (var in = new LineInput(new DigestInputStream(Files.newInputStream(file), digest),
                    BatchLines.MOST_BYTES)) {
                for (var line = in.next(); line != null; line = in.next()) {
                    lines += line.isBlank() ? 0 : 1;
                }
            }
            for (String option : options) {
                digest.update((byte) 0);
                digest.update(option.getBytes(StandardCharsets.UTF_8));
            }
            String hash = HexFormat.of().formatHex(digest.digest()).substring(0, ID_DIGITS);
            return new BatchInput(name, file, "batch_" + hash, lines);
        } catch (IOException e) {
            throw InputFile.unreadable(name, e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    private static void copy(InputStream in, Path file) throws IOException {
        Path part = JobFiles.beside(file, ".part");
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Opens the file at its first line.
    ///
    /// @throws CommandException if the file cannot be read
    public BatchLines open() {
        try {
            return new BatchLines(Files.newInputStream(Objects.requireNonNull(file, "the job has no file here")), job);
        } catch (IOException e) {
            throw InputFile.unreadable(name, e);
        }
    }

    /// Reads the next line of the opened file.
    ///
    /// @param lines the lines that [#open] returned
    /// @return null after the last line
    /// @throws CommandException if the file cannot be read any further
    public @Nullable BatchLine next(BatchLines lines) {
        try {
            return lines.next();
        } catch (IOException e) {
            throw new CommandException("cannot read " + name + ": " + CommandException.reason(e)
                    + "; the job goes on where it was when the same command runs again", e);
        } catch (IllegalStateException e) {
            throw new CommandException(name + ": " + e.getMessage(), e);
        }
    }
}
