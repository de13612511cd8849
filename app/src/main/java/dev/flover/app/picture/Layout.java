package dev.flover.app.picture;

import dev.flover.app.picture.Frame.Generation;
import dev.flover.app.picture.Frame.State;
import dev.flover.app.terminal.Width;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;

/// Lays out a frame as lines for a terminal of a given size.
///
/// ```
///   title                                             seconds
///   model, backend and servers
///
///    7 ●  41  The horses were tired, and the road…  ┄━━━━━╸       a generation: number, tokens, text, times
///    8 ✓  63  At the end of the garden stood a …       ━━━━━
///
///             rows in a step                        ▁▂▄▆▇▅▃       under the same time axis
///   fused batch  7  9  10  12                                     one cell for each row of the newest steps
///   steps/s, tokens/s                              how many are done, decoding, waiting
/// ```
///
/// The layout is a pure function of frame and size. If there are too few lines, the generations that finished first are
/// left out.
public final class Layout {
    private static final int LEADING_COLUMNS = 12;
    private static final int LINES_AROUND = 8;
    private static final int WIDE_CELL_COLUMNS = 4;
    private static final int MIN_TEXT_COLUMNS = 20;
    /// Numbers are shown with two digits.
    private static final int NUMBERS = 100;

    private final Palette palette;
    private final String title;
    private final String subtitle;

    public Layout(Palette palette, String title, String subtitle) {
        this.palette = palette;
        this.title = title;
        this.subtitle = subtitle;
    }

    public List<AttributedString> layOut(Frame frame, int columns, int rows) {
        int width = Math.max(1, columns - 1);
        int axis = axisColumns(width);
        var lines = new ArrayList<AttributedString>();
        lines.add(spread(styled(" " + title, true), seconds(frame), width));
        lines.add(styled(" " + subtitle, false));
        lines.add(AttributedString.EMPTY);
        var shown = window(frame, Math.max(1, rows - LINES_AROUND));
        shown.forEach(generation -> lines.add(line(generation, frame, width, axis)));
        lines.add(AttributedString.EMPTY);
        lines.add(overlapLine(frame, width, axis));
        lines.add(batchLine(frame, width));
        lines.add(spread(rates(frame), counts(frame), width));
        lines.add(styled(" " + frame.notice(), false));
        return lines;
    }

    /// Returns one line for each generation, without the other parts of the screen. They stay on
    /// the terminal when the picture has ended.
    List<AttributedString> generations(Frame frame, int columns) {
        int width = Math.max(1, columns - 1);
        return frame.generations().stream().map(each -> line(each, frame, width, axisColumns(width))).toList();
    }

    /// Returns the columns of the time axis; 0 if the text would have too little room beside it.
    private static int axisColumns(int width) {
        int axis = Math.min(40, width / 4);
        return width - LEADING_COLUMNS - axis - 1 >= MIN_TEXT_COLUMNS ? axis : 0;
    }

    private static List<Generation> window(Frame frame, int lines) {
        var shown = new ArrayList<>(frame.generations());
        for (int i = 0; shown.size() > lines && i < shown.size(); ) {
            if (shown.get(i).state() == State.DONE) {
                shown.remove(i);
            } else {
                i++;
            }
        }
        return shown.size() > lines ? shown.subList(0, lines) : shown;
    }

    private AttributedString line(Generation generation, Frame frame, int width, int axis) {
        var hue = palette.hue(generation.number());
        var line = new AttributedStringBuilder();
        line.styled(palette.quiet(), String.format(" %2d ", generation.number() % NUMBERS));
        switch (generation.state()) {
            case WAITING -> line.styled(palette.quiet(), palette.waiting());
            case DECODING -> line.styled(hue, palette.decoding());
            case DONE -> line.styled(palette.quiet(), palette.done());
        }
        line.styled(palette.quiet(), String.format("%4s  ", generation.tokens() == 0 ? "" : generation.tokens()));
        int textColumns = width - LEADING_COLUMNS - (axis == 0 ? 0 : axis + 1);
        AttributedString text = text(generation, textColumns);
        line.append(text);
        if (axis > 0) {
            line.append(" ".repeat(textColumns - text.columnLength() + 1));
            line.append(life(generation, frame, axis));
        }
        return line.toAttributedString();
    }

    /// Returns prompt and text on one line: the end of the text while it grows, the beginning when it is done.
    private AttributedString text(Generation generation, int columns) {
        boolean done = generation.state() == State.DONE;
        var text = new AttributedStringBuilder();
        text.styled(done ? palette.hue(generation.number()) : palette.hue(generation.number()).bold(),
                Width.printable(generation.prompt()));
        text.styled(done ? palette.quiet() : palette.plain(), Width.printable(generation.text()));
        AttributedString whole = text.toAttributedString();
        int length = whole.columnLength();
        if (length <= columns) {
            return whole;
        }
        var cut = new AttributedStringBuilder();
        if (done) {
            return cut.append(whole.columnSubSequence(0, columns - 1)).append(palette.ellipsis()).toAttributedString();
        }
        return cut.append(palette.ellipsis())
                .append(whole.columnSubSequence(length - columns + 1, length)).toAttributedString();
    }

    /// Draws on the time axis when the generation waited and when it was decoded.
    private AttributedString life(Generation generation, Frame frame, int axis) {
        boolean waiting = generation.state() == State.WAITING;
        boolean done = generation.state() == State.DONE;
        int sent = column(generation.sentMs(), frame, axis);
        int now = column(done ? generation.endMs() : frame.nowMs(), frame, axis);
        int first = waiting ? now : column(generation.firstMs(), frame, axis);
        var bar = new StringBuilder();
        for (int i = 0; i <= now; i++) {
            bar.append(i < sent ? ' ' : i < first || waiting ? palette.waitingBar() : palette.decodingBar());
        }
        if (!done && !waiting) {
            bar.setCharAt(now, palette.growingTip());
        }
        return new AttributedString(bar, done ? palette.hue(generation.number()).faint()
                : palette.hue(generation.number()));
    }

    private static long span(Frame frame) {
        return Math.max(frame.spanMs(), frame.nowMs() + 1);
    }

    private static int column(long ms, Frame frame, int axis) {
        return Math.clamp(ms * axis / span(frame), 0, axis - 1);
    }

    private AttributedString overlapLine(Frame frame, int width, int axis) {
        if (axis == 0) {
            return AttributedString.EMPTY;
        }
        double[] columns = new double[axis];
        double highest = 1;
        for (int i = 0; i < axis; i++) {
            columns[i] = meanOverlap(frame, i, axis);
            highest = Math.max(highest, columns[i]);
        }
        var bars = new StringBuilder();
        for (double column : columns) {
            bars.append(palette.column(column / highest));
        }
        String label = String.format(Locale.ROOT, "rows in a step, now %.0f", frame.rowsPerStep());
        var line = new AttributedStringBuilder();
        line.append(" ".repeat(Math.max(1, width - axis - 1 - label.length())));
        line.styled(palette.quiet(), label).append(" ").append(bars);
        return line.toAttributedString();
    }

    /// Returns the mean rows per step during the time that one column of the axis stands for.
    private static double meanOverlap(Frame frame, int column, int axis) {
        long span = span(frame);
        int from = (int) (column * span / axis / Frame.SAMPLE_MS);
        int to = (int) Math.min(frame.overlap().length,
                Math.max(from + 1, (column + 1) * span / axis / Frame.SAMPLE_MS));
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += frame.overlap()[i];
        }
        return to > from ? sum / (to - from) : 0;
    }

    /// Draws a cell for each generation in the batch; the cells are narrower if there are many.
    private AttributedString batchLine(Frame frame, int width) {
        var line = new AttributedStringBuilder();
        line.styled(palette.strong(), " fused batch ");
        var batch = frame.in(State.DECODING);
        String cell = line.columnLength() + WIDE_CELL_COLUMNS * batch.size() <= width ? "%2d " : "%2d";
        for (var generation : batch) {
            line.append(" ")
                    .styled(palette.cell(generation.number()), String.format(cell, generation.number() % NUMBERS));
        }
        return line.toAttributedString();
    }

    private AttributedString rates(Frame frame) {
        var line = new AttributedStringBuilder();
        line.append(" ");
        rate(line, "%,.0f", frame.stepsPerSecond(), " steps/s   ");
        rate(line, "%,.0f", frame.tokensPerSecond(), " tokens/s");
        return line.toAttributedString();
    }

    private void rate(AttributedStringBuilder line, String format, double value, String unit) {
        line.styled(palette.strong(), String.format(Locale.ROOT, format, value)).styled(palette.quiet(), unit);
    }

    private AttributedString counts(Frame frame) {
        int unsent = frame.total() - frame.generations().size();
        String counts = String.join(palette.separator(),
                frame.in(State.DONE).size() + " done",
                frame.in(State.DECODING).size() + " decoding",
                frame.in(State.WAITING).size() + " waiting");
        return styled(unsent > 0 ? counts + palette.separator() + unsent + " to come" : counts, false);
    }

    private AttributedString seconds(Frame frame) {
        return styled(String.format(Locale.ROOT, "%.1f s", frame.nowMs() / 1e3), false);
    }

    private AttributedString styled(String text, boolean strong) {
        return new AttributedString(text, strong ? palette.strong() : palette.quiet());
    }

    private static AttributedString spread(AttributedString left, AttributedString right, int width) {
        int gap = Math.max(2, width - left.columnLength() - right.columnLength());
        return new AttributedStringBuilder().append(left).append(" ".repeat(gap)).append(right).toAttributedString();
    }
}
