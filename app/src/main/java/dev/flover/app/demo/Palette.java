package dev.flover.app.demo;

import java.util.Map;
import org.jline.utils.AttributedStyle;

/// Colours and characters of the view, reduced to what the terminal can show.
///
/// @param colour  whether to use any (`NO_COLOR`, no-color.org)
/// @param unicode whether more than ASCII can be shown
record Palette(boolean colour, boolean unicode) {
    /// Soft colours of the 256 that stay apart on dark and on light ground.
    private static final int[] HUES = {75, 114, 173, 176, 80, 179, 168, 110, 150, 209, 140, 73};

    static Palette of(Map<String, String> environment, boolean unicode) {
        return new Palette(environment.getOrDefault("NO_COLOR", "").isEmpty(), unicode);
    }

    /// The colour a generation keeps for life.
    AttributedStyle hue(int number) {
        var style = AttributedStyle.DEFAULT;
        return colour ? style.foreground(HUES[number % HUES.length]) : style;
    }

    /// A generation's cell in the fused batch.
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

    String separator() {
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

    /// A column as high as `share`, in [0, 1], of a line; a blank for nothing.
    char column(double share) {
        String heights = unicode ? " ▁▂▃▄▅▆▇█" : " ..::||##";
        int step = (int) Math.ceil(Math.clamp(share, 0, 1) * (heights.length() - 1));
        return heights.charAt(step);
    }
}
