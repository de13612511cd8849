package dev.flover.benchmarks.fusion;

import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.Locale;

/// Prints the figures as tables on a terminal.
final class ReportTables {
    private static final String OURS = "paged";

    private final FusionReport report;

    ReportTables(FusionReport report) {
        this.report = report;
    }

    void print(PrintWriter out) {
        printPaper(out);
        var lengths = new LinkedHashSet<String>();
        report.scenarios().forEach(scenario -> lengths.add(scenario.lengths()));
        for (var kind : lengths) {
            printSpeedUps(out, kind);
        }
        out.flush();
    }

    private void printPaper(PrintWriter out) {
        out.printf(Locale.ROOT,
                "%n%d requests of %d iterations, exponential arrivals: the paper, and %d simulated draws%n",
                Paper.REQUESTS, Paper.TOKENS, report.paperSeeds());
        out.println("  mean gap   paper's iterations   simulated  (95 % of draws)      overlap  simulated  (95 %)");
        for (var row : report.paperTable()) {
            out.printf(Locale.ROOT, "  %5d ms   %18d   %9.0f  (%5d to %5d)%s   %7.1f  %9.1f  (%.1f to %.1f)%n",
                    row.meanGapMs(), row.paperIterations(), row.meanIterations(), row.low(), row.high(),
                    row.isInside() ? "  " : " !", row.paperOverlap(), row.meanOverlap(), row.lowOverlap(),
                    row.highOverlap());
        }
    }

    /// Prints, by arrivals, how much longer every other strategy takes than paged fusion.
    private void printSpeedUps(PrintWriter out, String lengths) {
        out.printf("%n%s lengths: makespan, and mean latency, of each over those of paged fusion%n", lengths);
        for (var scenario : report.scenarios()) {
            var ours = scenario.outcomes().stream().filter(outcome -> outcome.strategy().equals(OURS)).findFirst();
            if (!scenario.lengths().equals(lengths) || ours.isEmpty()) {
                continue;
            }
            out.printf("  %s%n", scenario.arrivals());
            for (var outcome : scenario.outcomes()) {
                out.printf(Locale.ROOT, "    %-30s %6.2f  %6.2f   %6d iterations, %4.1f at a time%s%n", outcome.title(),
                        outcome.makespanSeconds() / ours.get().makespanSeconds(),
                        outcome.latencyMs().mean() / ours.get().latencyMs().mean(), outcome.iterations(),
                        outcome.overlap(), rest(outcome));
            }
        }
    }

    private static String rest(Outcome outcome) {
        var text = new StringBuilder();
        if (outcome.paddingRows() > 0) {
            text.append(", ").append(outcome.paddingRows()).append(" rows of padding");
        }
        if (outcome.moves() > 0) {
            text.append(String.format(Locale.ROOT, ", %d moves of %.1f MB in all", outcome.moves(),
                    outcome.movedBytes() / 1e6));
        }
        return text.toString();
    }
}
