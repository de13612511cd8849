package dev.flover.app.demo;

import dev.flover.app.terminal.Screen;
import java.io.PrintWriter;
import org.jline.utils.AttributedString;

/// Frames drawn over one another; the last one stays behind as ordinary lines.
final class ScreenView implements View {
    private final Screen screen;
    private final Layout layout;
    private final PrintWriter out;
    private Frame last;

    ScreenView(Screen screen, Layout layout, PrintWriter out) {
        this.screen = screen;
        this.layout = layout;
        this.out = out;
    }

    @Override
    public void show(Frame frame) {
        last = frame;
        screen.draw(layout.layOut(frame, screen.columns(), screen.rows()));
    }

    @Override
    public void close() {
        int columns = screen.columns();
        screen.close();
        if (last != null) {
            for (AttributedString line : layout.generations(last, columns)) {
                out.println(screen.render(line));
            }
            out.flush();
        }
    }
}
