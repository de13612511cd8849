package dev.flover.app.watch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.app.connection.PipelineListener;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.terminal.Width;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `ps`: a line for each generation of a running pipeline.
@Command(
        name = "ps",
        modelTransformer = SettingOptions.OfWatchers.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Lists the generations of a running pipeline: those that are computed, then those that wait; the "
                + "oldest first. Texts are not shown.",
        footer = {"", "@|bold flover cancel ID|@ ends one."})
public final class PsCommand implements Runnable {
    private static final int FIXED_COLUMNS = 46;
    private static final int LEAST_ID_COLUMNS = 8;
    private static final int ID_COLUMNS = 36;

    @Spec
    private CommandSpec spec;

    @Option(names = "--at", paramLabel = "URL", description = "Address of the pipeline's metrics, such as "
            + "http://HOST:9464. Default: the pipeline on this machine.")
    private @Nullable String at;

    @Option(names = "--json", description = "Print one JSON object per line: id, tenant, state (live or waiting), "
            + "partition, prompt_tokens, tokens, max_tokens, read_at (ms since 1970).")
    private boolean json;

    @Override
    public void run() {
        var out = spec.commandLine().getOut();
        try (var listener = PipelineListener.find(SettingOptions.of(spec), Optional.ofNullable(at))) {
            var generations = Look.read(listener, "/generations");
            long now = System.currentTimeMillis();
            if (!json) {
                out.println(generations.isEmpty() ? "no generation waits or is computed" : row(ids(), "ID", "STATE",
                        "TOKENS", "AGE", "PART", "TENANT"));
            }
            for (var each : generations) {
                out.println(json ? each.toString() : line(each, now, ids()));
            }
            out.flush();
        }
    }

    /// Returns the width of the column of ids: on a narrow terminal less than usual, in a pipe without limit.
    private static int ids() {
        return Width.ofTerminal().map(columns -> Math.clamp(columns - FIXED_COLUMNS, LEAST_ID_COLUMNS, ID_COLUMNS))
                .orElse(Integer.MAX_VALUE);
    }

    static String line(JsonNode generation, long now, int ids) {
        boolean live = generation.path("state").asText().equals("live");
        return row(ids, generation.path("id").asText(), generation.path("state").asText(),
                live ? generation.path("tokens").asText() + "/" + generation.path("max_tokens").asText() : "-",
                StatusCommand.time(Math.max(0, now - generation.path("read_at").asLong()) / 1000),
                generation.path("partition").asText(), generation.path("tenant").asText());
    }

    private static String row(int ids, String id, String state, String tokens, String age, String partition,
            String tenant) {
        String shown = Width.printable(id);
        String cut = shown.length() <= ids ? shown : shown.substring(0, ids - 1) + "~";
        return String.format("%-" + Math.min(ids, ID_COLUMNS) + "s  %-7s %10s %11s %4s  %s", cut, state, tokens, age,
                partition, Width.printable(tenant)).stripTrailing();
    }
}
