package dev.flover.benchmarks.batch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The lines of a job's output, without what differs between two jobs: the job's id, the tenant, and the
/// time of the answer.
record OutputLines(List<String> lines) {
    private static final Pattern JOB = Pattern.compile("batch_[0-9a-f]{24}");
    private static final Pattern TIME_OR_TENANT = Pattern.compile("\"created\":\\d+|\"tenant\":\"[a-z]+\"");

    static OutputLines of(Path file) throws IOException {
        try (var lines = Files.lines(file)) {
            return new OutputLines(lines.map(OutputLines::neutral).sorted().toList());
        }
    }

    private static String neutral(String line) {
        return TIME_OR_TENANT.matcher(JOB.matcher(line).replaceAll("JOB")).replaceAll("");
    }

    /// Returns the first difference to another output, in words; null if there is none.
    @Nullable String difference(OutputLines other) {
        for (int i = 0; i < Math.max(lines.size(), other.lines.size()); i++) {
            String mine = i < lines.size() ? lines.get(i) : "no line";
            String others = i < other.lines.size() ? other.lines.get(i) : "no line";
            if (!mine.equals(others)) {
                return "undisturbed: " + mine + "\ndisturbed: " + others;
            }
        }
        return null;
    }
}
