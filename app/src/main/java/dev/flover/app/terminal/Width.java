package dev.flover.app.terminal;

import java.io.IOException;
import java.util.Optional;
import org.jline.terminal.TerminalBuilder;

/// The width of the terminal, and texts that may be printed there.
public final class Width {
    private static final int USUAL = 80;

    private Width() {}

    /// Returns the columns of the terminal; empty if standard output is none.
    public static Optional<Integer> ofTerminal() {
        if (!ProgressLine.isOnTerminal()) {
            return Optional.empty();
        }
        try (var terminal = TerminalBuilder.builder().system(true).dumb(true).build()) {
            return Optional.of(terminal.getWidth() > 0 ? terminal.getWidth() : USUAL);
        } catch (IOException e) {
            return Optional.of(USUAL);
        }
    }

    /// Replaces white space by blanks and removes control characters, which would move the cursor or break a line.
    public static String printable(String text) {
        var printable = new StringBuilder(text.length());
        text.codePoints().forEach(point -> {
            if (Character.isWhitespace(point)) {
                printable.append(' ');
            } else if (!Character.isISOControl(point)) {
                printable.appendCodePoint(point);
            }
        });
        return printable.toString();
    }
}
