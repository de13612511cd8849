package dev.flover.app.terminal;

import java.io.PrintWriter;

/// Shows the progress of a task: one line that grows on a terminal, or elsewhere a new line
/// for each tenth of the task, and at least one a minute.
public final class ProgressLine implements AutoCloseable {
    private static final int BAR = 30;
    private static final long FRAME_NANOS = 100_000_000;
    private static final int STEPS_IN_LINES = 10;
    private static final long LINE_NANOS = 60_000_000_000L;

    private final PrintWriter out;
    private final boolean terminal;
    private final String what;
    private final int goal;
    private long shownNanos;
    private int shownStep = -1;
    private boolean drawn;

    /// @param goal the value of `done` that means 100 %
    public ProgressLine(PrintWriter out, String what, int goal) {
        this.out = out;
        this.what = what;
        this.goal = Math.max(1, goal);
        this.terminal = isOnTerminal();
    }

    /// Tells whether the process has a terminal, where a line can be redrawn.
    public static boolean isOnTerminal() {
        return System.console() != null && System.console().isTerminal();
    }

    public void show(int done, String detail) {
        if (terminal) {
            draw(done, detail);
        } else {
            write(done, detail);
        }
    }

    private void draw(int done, String detail) {
        long now = System.nanoTime();
        if (drawn && now - shownNanos < FRAME_NANOS) {
            return;
        }
        drawn = true;
        shownNanos = now;
        int full = (int) ((long) BAR * done / goal);
        out.print("\r" + what + " [" + "#".repeat(full) + ".".repeat(BAR - full) + "] " + done + "/" + goal + "  "
                + detail + "\u001b[K");
        out.flush();
    }

    private void write(int done, String detail) {
        int step = (int) ((long) STEPS_IN_LINES * done / goal);
        long now = System.nanoTime();
        if (step > shownStep || now - shownNanos > LINE_NANOS) {
            shownStep = step;
            shownNanos = now;
            out.println(what + " " + done + "/" + goal + "  " + detail);
            out.flush();
        }
    }

    @Override
    public void close() {
        if (drawn) {
            out.print("\r\u001b[K");
            out.flush();
        }
    }
}
