package dev.flover.app.watch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.app.connection.PipelineListener;
import dev.flover.app.settings.SettingOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `status`: the figures of a running pipeline on one screen.
@Command(
        name = "status",
        modelTransformer = SettingOptions.OfWatchers.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Shows a running pipeline on one screen: state, model, device, rates, requests, backlog, KV "
                + "cache. Measures the rates for a second.",
        footer = {"", "@|bold flover ps|@ lists the generations, @|bold flover top|@ draws them."})
public final class StatusCommand implements Runnable {
    private static final Duration MEASURED = Duration.ofSeconds(1);
    private static final int BAR = 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--at", paramLabel = "URL", description = "Address of the pipeline's metrics, such as "
            + "http://HOST:9464. Default: the pipeline on this machine.")
    private @Nullable String at;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public void run() {
        var out = spec.commandLine().getOut();
        try (var listener = PipelineListener.find(SettingOptions.of(spec), Optional.ofNullable(at))) {
            var first = Look.at(listener);
            LockSupport.parkNanos(MEASURED.toNanos());
            var second = Look.at(listener);
            if (json) {
                var object = (ObjectNode) second.status();
                object.put("tokens_per_second", second.rateSince(first, "tokens"));
                object.put("steps_per_second", second.rateSince(first, "steps"));
                out.println(object.toPrettyString());
            } else {
                lines(first, second).forEach(out::println);
            }
            out.flush();
        }
    }

    /// Returns the screen, at most ten lines.
    static List<String> lines(Look first, Look now) {
        double steps = now.rateSince(first, "steps");
        double rows = steps == 0 ? 0 : now.rateSince(first, "rows") / steps;
        var lines = new ArrayList<String>();
        lines.add(line("state", now.text("state").toUpperCase(Locale.ROOT) + ": " + now.text("detail")));
        lines.add(line("model", now.text("model") + " on " + now.text("device")));
        lines.add(line("group", now.text("application_id") + ", up " + time(now.number("up_seconds"))));
        lines.add(line("rate", String.format(Locale.ROOT, "%,.0f tokens/s, %,.0f steps/s, %.1f rows in a step",
                now.rateSince(first, "tokens"), steps, rows)));
        lines.add(line("requests", String.format(Locale.ROOT, "%,d live, %,d waiting, %,d unread, %,d ended",
                now.number("live"), now.number("waiting"), now.number("lag"), now.number("ended"))));
        lines.add(line("backlog", String.format(Locale.ROOT, "some %,d tokens, %s at the present rate",
                now.number("backlog_tokens"), time(Math.round(now.status().path("backlog_seconds").asDouble())))));
        long used = now.number("kv_blocks_used");
        long blocks = Math.max(1, now.number("kv_blocks"));
        int full = (int) (BAR * used / blocks);
        lines.add(line("KV cache", "[" + "#".repeat(full) + ".".repeat(BAR - full) + "] " + 100 * used / blocks
                + " %, " + used + " of " + blocks + " blocks"));
        lines.add(line("resumed", now.number("resumed") + " generations after restarts; " + now.number("preemptions")
                + " preempted"));
        return lines;
    }

    private static String line(String name, String value) {
        return String.format("%-9s ", name) + value;
    }

    static String time(long seconds) {
        var time = Duration.ofSeconds(seconds);
        return time.toDays() > 0 ? time.toDays() + " d " + time.toHoursPart() + " h"
                : time.toHours() > 0 ? time.toHours() + " h " + time.toMinutesPart() + " min"
                : time.toMinutes() > 0 ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
                : seconds + " s";
    }
}
