package dev.flover.app.watch;

import dev.flover.app.connection.PipelineListener;
import dev.flover.app.options.CommandException;
import dev.flover.app.picture.Frame;
import dev.flover.app.picture.Frame.State;
import dev.flover.app.picture.Layout;
import dev.flover.app.picture.Palette;
import dev.flover.app.settings.SettingOptions;
import dev.flover.app.terminal.Screen;
import dev.flover.app.terminal.StopSignal;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `top`: draws the generations of a running pipeline and its fused batch, until it is stopped.
@Command(
        name = "top",
        modelTransformer = SettingOptions.OfWatchers.class,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Draws the last minute of a running pipeline as the demo does: a line for each generation, the "
                + "fused batch, the rates. Without a terminal it prints a line a second. Ctrl-C ends it.")
public final class TopCommand implements Callable<Integer> {
    private static final long LOOK_MS = 1000;

    @Spec
    private CommandSpec spec;

    @Option(names = "--at", paramLabel = "URL", description = "Address of the pipeline's metrics, such as "
            + "http://HOST:9464. Default: the pipeline on this machine.")
    private @Nullable String at;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "0",
            description = "End after N seconds; 0 is no limit. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    private final TopBoard board = new TopBoard();

    @Override
    public Integer call() {
        if (seconds < 0) {
            throw new ParameterException(spec.commandLine(), "--seconds must be at least 0, was " + seconds);
        }
        try (var listener = PipelineListener.find(SettingOptions.of(spec), Optional.ofNullable(at))) {
            var first = Look.at(listener);      // a wrong address is reported before the screen is cleared
            var screen = Screen.open();
            try (var stop = StopSignal.install()) {
                Layout layout = screen.isEmpty() ? null : layout(first);
                for (int turn = 0; seconds == 0 || turn < seconds; turn++) {
                    var frame = board.frame(System.currentTimeMillis(), look(listener));
                    if (layout == null) {
                        print(frame);
                    } else {
                        screen.get().draw(layout.layOut(frame, screen.get().columns(), screen.get().rows()));
                    }
                    if (stop.await(LOOK_MS)) {
                        return stop.exitCode();
                    }
                }
                return 0;
            } finally {
                screen.ifPresent(Screen::close);
            }
        }
    }

    private static Layout layout(Look first) {
        var palette = Palette.of(System.getenv(), Screen.isUnicode(System.getenv()));
        return new Layout(palette, "flover top", String.join(palette.separator(), first.text("model"),
                first.text("device"), "group " + first.text("application_id")));
    }

    /// Looks at the pipeline. A pipeline that does not answer is shown as it was, with the reason.
    ///
    /// @return the last line of the screen
    private String look(PipelineListener listener) {
        try {
            var look = Look.at(listener);
            board.take(look, Look.read(listener, "/generations"), System.currentTimeMillis());
            return String.format(Locale.ROOT, "%s, %,d unread, KV cache %d %%, backlog %s",
                    look.text("state"), look.number("lag"),
                    100 * look.number("kv_blocks_used") / Math.max(1, look.number("kv_blocks")),
                    StatusCommand.time(Math.round(look.status().path("backlog_seconds").asDouble())));
        } catch (CommandException e) {
            return e.getMessage();
        }
    }

    private void print(Frame frame) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%s  %d live, %d waiting, %,.0f tokens/s, %,.0f steps/s, %.1f rows in a step; %s%n",
                LocalTime.now().truncatedTo(ChronoUnit.SECONDS), frame.in(State.DECODING).size(),
                frame.in(State.WAITING).size(), frame.tokensPerSecond(), frame.stepsPerSecond(), frame.rowsPerStep(),
                frame.notice());
        out.flush();
    }
}
