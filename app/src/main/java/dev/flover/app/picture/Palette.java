package dev.flover.app.picture;

import java.util.Map;
import org.jline.utils.AttributedStyle;

/// The colours and characters of the view, as far as the terminal can show them.
///
/// @param colour  whether colours are used; the variable `NO_COLOR` (no-color.org) forbids them
/// @param unicode whether characters beyond ASCII can be shown
public record Palette(boolean colour, boolean unicode) {
    /// Soft colours of the 256-colour palette that differ visibly on dark and on light backgrounds.
    private static final int[] HUES = {75, 114, 173, 176, 80, 179, 168, 110, 150, 209, 140, 73};

    public static Palette of(Map<String, String> environment, boolean unicode) {
        return new Palette(environment.getOrDefault("NO_COLOR", "").isEmpty(), unicode);
    }

    /// Returns the colour of a generation, which never changes.
    AttributedStyle hue(int number) {
        var style = AttributedStyle.DEFAULT;
        return colour ? style.foreground(HUES[number % HUES.length]) : style;
    }

    /// Returns the style of a generation's cell in the fused batch.
    AttributedStyle cell(int number) {
        return hue(number).inverse();
    }

    AttributedStyle strong() {
        return AttributedStyle.BOLD;
    }

    AttributedStyle quiet() {
        return AttributedStyle.DEFAULT.faint();
    }

    AttributedStyle plain() {
        return AttributedStyle.DEFAULT;
    }

    String waiting() {
        return unicode ? "○" : "-";
    }

    String decoding() {
        return unicode ? "●" : "*";
    }

    String done() {
        return unicode ? "✓" : "+";
    }

    String ellipsis() {
        return unicode ? "…" : "~";
    }

    public String separator() {
        return unicode ? " · " : " - ";
    }

    char waitingBar() {
        return unicode ? '┄' : '.';
    }

    char decodingBar() {
        return unicode ? '━' : '=';
    }

    char growingTip() {
        return unicode ? '╸' : '>';
    }

    /// Returns a block character whose height is `share` of the line, in [0, 1]; a blank for 0.
    char column(double share) {
        String heights = unicode ? " ▁▂▃▄▅▆▇█" : " ..::||##";
        int step = (int) Math.ceil(Math.clamp(share, 0, 1) * (heights.length() - 1));
        return heights.charAt(step);
    }
}
