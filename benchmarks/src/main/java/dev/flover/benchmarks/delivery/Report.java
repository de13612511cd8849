package dev.flover.benchmarks.delivery;

import dev.flover.benchmarks.delivery.check.Findings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Prints an outcome as a table.
final class Report {
    private static final String LABEL = "  %-50s";
    private static final String CELL = " %8s";

    private Report() {}

    static List<String> lines(Outcome outcome) {
        var lines = new ArrayList<String>();
        var kinds = outcome.counts().keySet();
        lines.add("disturbances, by the phase of the pipeline");
        lines.add(row("", kinds.stream().map(Disturbance::word)));
        for (var phase : Phase.values()) {
            lines.add(row(phase.words(), kinds.stream()
                    .map(kind -> Objects.requireNonNull(outcome.counts().get(kind)).get(phase))));
        }
        lines.add(row("all", kinds.stream().map(outcome::count)));
        if (!outcome.weather().isEmpty()) {
            lines.add("disturbances of the environment");
            outcome.weather().forEach((trouble, count) -> lines.add(row(trouble.words(), count, "")));
            lines.add(fault("invalid records without a dead letter", outcome.unburied()));
        }
        lines.add("ms until every live generation had committed a further token");
        lines.add(row("", Stream.of("times", "p50", "p99")));
        outcome.recovery().forEach((kind, recovery) -> lines.add(
                row("after " + kind.word(), Stream.of(recovery.count(), recovery.p50(), recovery.p99()))));
        lines.add("records that readers saw, compared with the bare engine");
        findings(outcome.findings(), lines);
        retries(outcome.retries(), lines);
        lines.add(row("all instances serve at the end", Stream.of(outcome.atRest() ? "yes" : "no")));
        return lines;
    }

    private static void findings(Findings found, List<String> lines) {
        lines.add(row("generations", found.generations(), ""));
        lines.add(row("tokens committed", found.tokens(), ""));
        lines.add(fault("positions lost or out of order", found.gaps()));
        lines.add(fault("positions repeated", found.repeats()));
        lines.add(fault("differing tokens", found.differingTokens()));
        lines.add(fault("generations with a differing text", found.differingTexts()));
        lines.add(fault("differing logprobs", found.differingLogprobs()));
        lines.add(fault("differing finish reasons or usage", found.differingEnds()));
        lines.add(fault("generations without a terminal record", found.missingTerminals()));
        lines.add(fault("further terminal records", found.doubleTerminals()));
        lines.add(fault("results missing", found.missingResults()));
        lines.add(fault("results repeated", found.doubleResults()));
        lines.add(fault("results that differ", found.differingResults()));
        lines.add(fault("dead letters", found.deadLetters()));
        lines.add(fault("records without a request", found.strangers()));
        lines.add(fault("uncommitted tokens contradicted later", found.contradictions()));
        lines.add(fault("wrong texts after repeated positions are dropped", found.unreadable()));
    }

    private static void retries(Retries.Outcome found, List<String> lines) {
        lines.add(row("requests sent again", found.sentAgain(), ""));
        lines.add(row("answers repeated, and marked as repeats", found.saidAgain(), ""));
        lines.add(row("different requests under a used id, refused", found.refused(), ""));
        lines.add(fault("repeats or refusals missing", found.missing()));
        lines.add(fault("repeats or refusals without a cause", found.unasked()));
        lines.add(fault("repeats that differ from the first answer", found.differing()));
    }

    private static String fault(String what, long count) {
        return row(what, count, count == 0 ? "" : "  <--");
    }

    private static String row(String what, long count, String mark) {
        return row(what, Stream.of(count)) + mark;
    }

    private static String row(String what, Stream<?> cells) {
        return String.format(Locale.ROOT, LABEL, what)
                + cells.map(cell -> String.format(Locale.ROOT, CELL, cell)).collect(Collectors.joining());
    }
}
