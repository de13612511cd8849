package dev.flover.app.delivery;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// An outcome as a table for people.
final class Report {
    private static final String ROW = "  %-50s %8s%s";

    private Report() {}

    static List<String> lines(Outcome outcome) {
        var lines = new ArrayList<String>();
        lines.add("kills (-9), by where the pipeline stood");
        outcome.killsByPhase().forEach((phase, count) -> lines.add(row(phase.words(), count, "")));
        lines.add(row("all", outcome.kills(), ""));
        var recovery = outcome.recovery();
        lines.add(String.format(Locale.ROOT, "from a kill to the next committed token, %d times: p50 %d ms, p99 %d ms",
                recovery.count(), recovery.p50(), recovery.p99()));
        lines.add("what readers saw, against the bare engine");
        findings(outcome.findings(), lines);
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
        lines.add(fault("records that nobody asked for", found.strangers()));
        lines.add(fault("uncommitted tokens contradicted later", found.contradictions()));
        lines.add(fault("texts wrong though seen positions are dropped", found.unreadable()));
    }

    private static String fault(String what, long count) {
        return row(what, count, count == 0 ? "" : "  <--");
    }

    private static String row(String what, long count, String mark) {
        return String.format(Locale.ROOT, ROW, what, count, mark);
    }
}
