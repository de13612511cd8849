package dev.flover.app.terminal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/// The alternate screen of a terminal, on which frames are drawn over one another; only changed cells are sent.
///
/// The terminal's size is read at every draw, so a resized window is right at the next draw. Closing the screen
/// restores the first screen, the cursor and the echo; the end of the process does the same.
public final class Screen implements AutoCloseable {
    private final Terminal terminal;
    private final Display display;
    private final Attributes before;
    private final Thread restoreAtExit;
    private Size size = new Size(0, 0);
    private boolean closed;

    private Screen(Terminal terminal) {
        this.terminal = terminal;
        this.display = new Display(terminal, true);
        this.before = terminal.getAttributes();
        this.restoreAtExit = new Thread(this::restore, "restore-terminal");
        Runtime.getRuntime().addShutdownHook(restoreAtExit);
        var silent = new Attributes(before);
        silent.setLocalFlag(LocalFlag.ECHO, false);
        terminal.setAttributes(silent);
        terminal.puts(Capability.enter_ca_mode);
        terminal.puts(Capability.cursor_invisible);
        terminal.flush();
    }

    /// Opens the screen if standard output is a terminal that can be drawn on.
    public static Optional<Screen> open() {
        if (!isUsable(System.getenv())) {
            return Optional.empty();
        }
        try {
            var terminal = TerminalBuilder.builder()
                    .system(true).dumb(false).nativeSignals(false).encoding(encoding(System.getenv())).build();
            return Optional.of(new Screen(terminal));
        } catch (IOException | IllegalStateException e) {
            return Optional.empty();      // unknown terminal: the caller prints lines
        }
    }

    /// Tells whether the locale allows more than ASCII.
    public static boolean isUnicode(Map<String, String> environment) {
        return encoding(environment).equals(StandardCharsets.UTF_8);
    }

    private static boolean isUsable(Map<String, String> environment) {
        String type = environment.getOrDefault("TERM", "dumb");
        return System.console() != null && System.console().isTerminal() && !type.equals("dumb");
    }

    private static Charset encoding(Map<String, String> environment) {
        String locale = Stream.of("LC_ALL", "LC_CTYPE", "LANG")
                .map(name -> environment.getOrDefault(name, ""))
                .filter(value -> !value.isEmpty())
                .findFirst().orElse("");
        boolean utf8 = locale.toLowerCase(Locale.ROOT).replace("-", "").endsWith("utf8");
        return utf8 ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII;
    }

    public synchronized int columns() {
        return Math.max(1, terminal.getWidth());
    }

    public synchronized int rows() {
        return Math.max(1, terminal.getHeight());
    }

    /// Shows `lines` from the top, each cut at the right edge. Does nothing after the screen was closed.
    public synchronized void draw(List<AttributedString> lines) {
        if (closed) {
            return;
        }
        var now = new Size(columns(), rows());
        if (!now.equals(size)) {
            size = now;
            display.resize(now.getRows(), now.getColumns());
            display.clear();
        }
        var fitting = lines.stream()
                .limit(now.getRows())
                .map(line -> line.columnSubSequence(0, now.getColumns() - 1))
                .toList();
        display.update(fitting, -1);
    }

    /// Returns a line with the escape sequences of this terminal.
    public String render(AttributedString line) {
        return line.toAnsi(terminal);
    }

    private synchronized void restore() {
        if (closed) {
            return;
        }
        closed = true;
        terminal.puts(Capability.exit_ca_mode);
        terminal.puts(Capability.cursor_normal);
        terminal.flush();
        terminal.setAttributes(before);
    }

    @Override
    public void close() {
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(restoreAtExit);
        } catch (IllegalStateException e) {
            return;      // the process is ending, and its shutdown hook has run
        }
        try {
            terminal.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
