package dev.flover.app.client;

import dev.flover.app.connection.ClientTarget;
import dev.flover.app.offline.LogprobLine;
import dev.flover.app.options.CommandException;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.terminal.StopSignal;
import dev.flover.schemas.Refused;
import dev.flover.schemas.TokenChunk;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `tail`: prints the tokens topic as it grows.
@Command(
        name = "tail",
        modelTransformer = SettingOptions.OfClients.class,
        description = "Follows the tokens topic until Ctrl-C: a line for each chunk of an answer.")
public final class TailCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final int ID_COLUMNS = 12;

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object per line: request_id, answer, position, token_ids, "
            + "text, logprobs and prompt_logprobs where asked for, on last chunks finish_reason, message, terminal; "
            + "repeat and cached on chunks that were sent before, and refused for a different request under a used id.")
    private boolean json;

    @Option(names = "--id", paramLabel = "ID", description = "Print only this request; end when it has ended, or with "
            + "1 if a different request under its id is refused.")
    private @Nullable String id;

    @Option(names = "--from-beginning", description = "Begin with the first record on the topic.")
    private boolean fromBeginning;

    private boolean ended;
    private @Nullable Refused refused;

    @Override
    public Integer call() {
        var target = ClientTarget.find(SettingOptions.of(spec), spec.commandLine().getErr());
        target.connection().check();
        PrintWriter out = spec.commandLine().getOut();
        try (var stop = StopSignal.install();
                var answers = new Answers(target.connection(), target.topics().tokens(), fromBeginning)) {
            while (!ended && !stop.isRaised() && !out.checkError()) {
                answers.poll(POLL, chunk -> show(chunk, out));
            }
            if (id != null && refused != null) {
                throw new CommandException(Refusal.sentence(id, refused));
            }
            return stop.exitCode();
        }
    }

    private void show(TokenChunk chunk, PrintWriter out) {
        if (id != null && !id.equals(chunk.getRequestId())) {
            return;
        }
        out.println(json ? ChunkLine.of(chunk).json() : line(chunk));
        refused = chunk.getRefused() != null ? chunk.getRefused() : refused;
        ended = id != null && (chunk.getTerminal() || refused != null);
    }

    private String line(TokenChunk chunk) {
        String name = chunk.getRequestId();
        String shown = name.length() <= ID_COLUMNS ? name : name.substring(0, ID_COLUMNS - 1) + "~";
        String text = chunk.getText().replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
        var finish = chunk.getFinish();
        String end = finish == null ? "" : "  [" + finish.getReason().name().toLowerCase(Locale.ROOT)
                + (finish.getMessage().isEmpty() ? "" : ": " + finish.getMessage()) + "]";
        if (chunk.getRefused() != null) {
            end = "  [refused: " + Refusal.sentence(name, chunk.getRefused()) + "]";
        }
        return spec.commandLine().getColorScheme().commandText(String.format("%-" + ID_COLUMNS + "s", shown))
                + String.format(" %5d  ", chunk.getPosition()) + text + logprobs(chunk) + end;
    }

    private static String logprobs(TokenChunk chunk) {
        var logprobs = ChunkLine.logprobs(chunk.getLogprobs());
        return logprobs == null ? "" : logprobs.stream()
                .map(LogprobLine::words).collect(Collectors.joining(", ", "  {", "}"));
    }
}
