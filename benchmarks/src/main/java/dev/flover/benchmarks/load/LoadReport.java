package dev.flover.benchmarks.load;

import dev.flover.schemas.FinishReason;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The figures of a run, printed as tables in Markdown.
///
/// @param tenants  tokens computed for each tenant during the flood, prompts included
/// @param waits    times from writing a request to its last token, in ms, by priority, since the beginning of the flood
/// @param answered number of records that have their answer
/// @param drained  whether all records have their answer
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record LoadReport(LoadPlan plan, double sustainable, Phase calm, Phase flood, List<Sample> samples,
        Map<String, Long> tenants, Map<Integer, long[]> waits, Map<FinishReason, Long> ended, long deadLetters,
        long sent, long bad, long answered, boolean drained, double drainSeconds) {
    private static final double EQUAL_SHARE = 1.0 / RequestMix.TENANTS.size();

    /// Returns the largest difference between a tenant's share and its fair share.
    double worstShare() {
        long all = tenants.values().stream().mapToLong(Long::longValue).sum();
        return RequestMix.TENANTS.stream()
                .mapToDouble(tenant -> Math.abs(tenants.getOrDefault(tenant, 0L) / (double) all - EQUAL_SHARE))
                .max().orElseThrow();
    }

    String markdown() {
        return String.join("\n\n", phases(), memory(), shares(), waiting(), endings()) + "\n";
    }

    private String phases() {
        return "| | offered/s | served/s | ticks/s | tick ms | between tokens p50 ms | p99 ms |\n"
                + "|---|---|---|---|---|---|---|\n"
                + calm.row("calm") + "\n" + flood.row("flood");
    }

    private String memory() {
        int step = Math.max(1, samples.size() / 16);
        return Sample.HEADER + "\n" + samples.stream()
                .filter(sample -> sample.second() % step == 0).map(Sample::row).collect(Collectors.joining("\n"))
                + String.format("%n%nMost: heap %d of %d MB, process %d MB, waiting %d, lag %d.",
                samples.stream().mapToLong(Sample::heapMb).max().orElse(0), plan.heapMb(),
                samples.stream().mapToLong(Sample::residentMb).max().orElse(0),
                samples.stream().mapToLong(Sample::waiting).max().orElse(0),
                samples.stream().mapToLong(Sample::lag).max().orElse(0));
    }

    private String shares() {
        long all = Math.max(1, tenants.values().stream().mapToLong(Long::longValue).sum());
        return "| tenant | offers | gets |\n|---|---|---|\n" + RequestMix.TENANTS.stream()
                .map(tenant -> String.format("| %s | %.0f %% | %.1f %% |", tenant, 100 * RequestMix.offered(tenant),
                        100.0 * tenants.getOrDefault(tenant, 0L) / all))
                .collect(Collectors.joining("\n"));
    }

    private String waiting() {
        return "| priority | answered | wait p50 s | p90 s | longest s |\n|---|---|---|---|---|\n"
                + RequestMix.PRIORITIES.stream().map(priority -> {
                    long[] sorted = waits.getOrDefault(priority, new long[0]);
                    return String.format("| %d | %d | %.1f | %.1f | %.1f |", priority, sorted.length,
                            quantile(sorted, 0.5), quantile(sorted, 0.9), quantile(sorted, 1));
                }).collect(Collectors.joining("\n"));
    }

    private static double quantile(long[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, sorted.length * share)] / 1e3;
    }

    private String endings() {
        var reasons = new TreeMap<String, Long>();
        ended.forEach((reason, count) -> reasons.put(reason.name().toLowerCase(Locale.ROOT), count));
        return String.format("%d records written, %d of them bad; %d answered (%s, dead letters %d): %s. "
                        + "Drained in %.0f s after the flood.",
                sent, bad, answered, reasons.entrySet().stream().map(e -> e.getKey() + " " + e.getValue())
                        .collect(Collectors.joining(", ")), deadLetters,
                drained ? "each has its one answer" : sent - answered + " still had none when the time was over",
                drainSeconds);
    }
}
