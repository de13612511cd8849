package dev.flover.benchmarks.fusion;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flover.app.options.CommandException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Writes the report as JSON, and as one HTML file that contains figures, page and plotting library, so that it needs
/// no network.
final class ReportFiles {
    private static final String PAGE = "/dev/flover/benchmarks/fusion/report.html";
    private static final String LIBRARY = "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";

    private final FusionReport report;

    ReportFiles(FusionReport report) {
        this.report = report;
    }

    /// Checks before the measurement, as far as possible, that the report can be written.
    ///
    /// @param file the file, or null if none is wanted
    /// @throws CommandException if it cannot be written
    static void requireWritable(@Nullable Path file) {
        if (file == null) {
            return;
        }
        if (Files.isDirectory(file)) {
            throw new CommandException(file + " is a folder; give a file to write the report to");
        }
        var folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
        if (!Files.isDirectory(folder) || !Files.isWritable(Files.exists(file) ? file : folder)) {
            throw new CommandException(file + " cannot be written: " + (Files.isDirectory(folder)
                    ? "no permission" : "there is no folder " + folder));
        }
    }

    void writeJson(Path file) {
        write(file, json());
    }

    void writeHtml(Path file) {
        write(file, resource(PAGE)
                .replace("<!--library-->", "<script>" + resource(LIBRARY) + "</script>")
                .replace("\"<!--figures-->\"", json().replace("</", "<\\/")));
    }

    private String json() {
        try {
            return new ObjectMapper().writeValueAsString(report);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report of numbers and names could not be written", e);
        }
    }

    private static String resource(String name) {
        try (var in = ReportFiles.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new CommandException("this Flover has no " + name + "; reports need the library in it");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new CommandException(file + " cannot be written: " + CommandException.reason(e), e);
        }
    }
}
