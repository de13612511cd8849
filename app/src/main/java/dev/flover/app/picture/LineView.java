package dev.flover.app.picture;

import dev.flover.app.picture.Frame.Generation;
import dev.flover.app.picture.Frame.State;
import dev.flover.app.terminal.Width;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// Prints a line for each event, for logs and pipes.
public final class LineView implements View {
    private static final long STATUS_MS = 1000;

    private final PrintWriter out;
    private final Map<Integer, State> known = new HashMap<>();
    private String notice = "";
    private long nextStatusMs = STATUS_MS;

    public LineView(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void show(Frame frame) {
        if (!frame.notice().equals(notice)) {
            notice = frame.notice();
            out.println(seconds(frame) + "    " + Width.printable(notice));
        }
        for (var generation : frame.generations()) {
            if (known.put(generation.number(), generation.state()) != generation.state()) {
                out.println(seconds(frame) + event(generation));
            }
        }
        if (frame.nowMs() >= nextStatusMs) {
            nextStatusMs = frame.nowMs() + STATUS_MS;
            out.printf(Locale.ROOT, "%s    fused batch: %d generations, %.0f steps/s, %.0f tokens/s%n", seconds(frame),
                    frame.in(State.DECODING).size(), frame.stepsPerSecond(), frame.tokensPerSecond());
        }
        out.flush();
    }

    private static String event(Generation generation) {
        String what = switch (generation.state()) {
            case WAITING -> "sent      " + generation.prompt();
            case DECODING -> "decoding  " + generation.prompt() + " ...";
            case DONE -> "done      " + generation.prompt() + generation.text()
                    + " (" + generation.tokens() + " tokens)";
        };
        return String.format("%2d  %s", generation.number(), Width.printable(what));
    }

    private static String seconds(Frame frame) {
        return String.format(Locale.ROOT, "%5.1f s  ", frame.nowMs() / 1e3);
    }

    @Override
    public void leaveBehind(Frame frame) {
        out.flush();
    }

    @Override
    public void close() {
        out.flush();
    }
}
