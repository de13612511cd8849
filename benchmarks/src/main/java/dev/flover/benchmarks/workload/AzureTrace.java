package dev.flover.benchmarks.workload;

import dev.flover.app.options.CommandException;
import dev.flover.app.options.InputFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reads the Azure LLM inference traces: CSV files with a line `TIMESTAMP,ContextTokens,GeneratedTokens` for each
/// request.
///
/// Source: <https://github.com/Azure/AzurePublicDataset>, with Patel et al. 2023 (Splitwise).
public final class AzureTrace {
    private static final String HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE).appendLiteral(' ').append(DateTimeFormatter.ISO_LOCAL_TIME)
            .toFormatter(Locale.ROOT);
    private static final double MICROSECONDS = 1e6;

    private AzureTrace() {}

    /// Reads the first requests of a trace.
    ///
    /// @param count          number of requests
    /// @param unitsPerSecond units of the workload's time in a second
    /// @param scale          factor for the lengths of prompts and answers, which stay at least 1
    /// @throws CommandException if the file cannot be read or is not such a trace
    public static Workload read(Path file, int count, double unitsPerSecond, double scale) {
        var lines = lines(file, count + 1);
        if (lines.isEmpty() || !lines.getFirst().strip().equals(HEADER)) {
            throw new CommandException(file + " is not an Azure trace: its first line should be " + HEADER);
        }
        if (lines.size() <= count) {
            throw new CommandException(file + " has " + (lines.size() - 1) + " requests; ask for at most as many, not "
                    + count);
        }
        var demands = new ArrayList<Demand>(count);
        LocalDateTime first = null;
        for (int i = 1; i <= count; i++) {
            try {
                var cells = lines.get(i).strip().split(",");
                var time = LocalDateTime.parse(cells[0], TIME);
                first = first == null ? time : first;
                double units = ChronoUnit.MICROS.between(first, time) / MICROSECONDS * unitsPerSecond;
                demands.add(new Demand(Math.round(units * Demand.UNIT), scaled(cells[1], scale),
                        scaled(cells[2], scale)));
            } catch (DateTimeParseException | IllegalArgumentException | IndexOutOfBoundsException e) {
                throw new CommandException("line " + (i + 1) + " of " + file
                        + " should be a time and two numbers of tokens, was " + lines.get(i), e);
            }
        }
        return new Workload(demands);
    }

    private static int scaled(String tokens, double scale) {
        return (int) Math.max(1, Math.round(Integer.parseInt(tokens) * scale));
    }

    private static List<String> lines(Path file, int most) {
        try (var lines = Files.lines(file)) {
            return lines.limit(most).toList();
        } catch (IOException | UncheckedIOException e) {
            throw InputFile.unreadable(file.toString(), e);
        }
    }
}
