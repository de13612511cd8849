package dev.flover.benchmarks.loading;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Seconds and memory of each way to load a model: medians of the rounds.
record LoadingReport(String model, @JsonProperty("file_bytes") long fileBytes, int rounds, List<Line> ways) {
    LoadingReport {
        ways = List.copyOf(ways);
    }

    /// @param ofCopy the median of the rounds' ratios to copying the file
    /// @param anonymousBytes resident memory that the process does not share, at the end
    /// @param fileBytes resident pages of files at the end, which processes share
    record Line(
            String way, double seconds, @JsonProperty("of_copy") double ofCopy,
            @JsonProperty("anonymous_bytes") double anonymousBytes, @JsonProperty("file_bytes") double fileBytes,
            @JsonProperty("peak_bytes") double peakBytes) {}

    List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(String.format(Locale.ROOT, "%s, %.2f GB, medians of %d rounds", model, fileBytes / 1e9, rounds));
        lines.add("| | seconds | of copying | memory of its own, GB | pages of files, GB | peak, GB |");
        lines.add("|---|---|---|---|---|---|");
        for (var line : ways) {
            lines.add(String.format(Locale.ROOT, "| %s | %.2f | %.2f | %.2f | %.2f | %.2f |", line.way(),
                    line.seconds(), line.ofCopy(), line.anonymousBytes() / 1e9, line.fileBytes() / 1e9,
                    line.peakBytes() / 1e9));
        }
        return lines;
    }
}
