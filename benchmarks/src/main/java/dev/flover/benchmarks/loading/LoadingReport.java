package dev.flover.benchmarks.loading;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Seconds and memory of each way to load a model: medians of the rounds.
record LoadingReport(String model, @JsonProperty("file_bytes") long fileBytes, int rounds, List<Line> ways) {
    LoadingReport {
        ways = List.copyOf(ways);
    }

    /// @param ofCp   the median of the rounds' ratios to the command `cp`; null if that was not measured
    /// @param ofCopy the median of the rounds' ratios to copying the file to memory of a process
    /// @param anonymousBytes resident memory that the process does not share, at the end
    /// @param fileBytes resident pages of files at the end, which processes share
    record Line(
            String way, double seconds, @JsonProperty("of_cp") @Nullable Double ofCp,
            @JsonProperty("of_copy") @Nullable Double ofCopy,
            @JsonProperty("anonymous_bytes") double anonymousBytes, @JsonProperty("file_bytes") double fileBytes,
            @JsonProperty("peak_bytes") double peakBytes) {}

    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(String.format(Locale.ROOT, "%s, %.2f GB, medians of %d rounds", model, fileBytes / 1e9, rounds));
        lines.add("| | seconds | of cp | of copying | memory of its own, GB | pages of files, GB | peak, GB |");
        lines.add("|---|---|---|---|---|---|---|");
        for (var line : ways) {
            lines.add(String.format(Locale.ROOT, "| %s | %.2f | %s | %s | %s | %s | %s |", line.way(),
                    line.seconds(), figure(line.ofCp()), figure(line.ofCopy()), gigabytes(line.anonymousBytes()),
                    gigabytes(line.fileBytes()), gigabytes(line.peakBytes())));
        }
        return lines;
    }

    private static String figure(@Nullable Double value) {
        return value == null ? "" : String.format(Locale.ROOT, "%.2f", value);
    }

    private static String gigabytes(double bytes) {
        return bytes == 0 ? "" : figure(bytes / 1e9);
    }
}
