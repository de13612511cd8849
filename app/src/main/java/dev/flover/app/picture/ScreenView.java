package dev.flover.app.picture;

import dev.flover.app.terminal.Screen;
import java.io.PrintWriter;

/// Draws each frame over the one before on a terminal.
public final class ScreenView implements View {
    private final Screen screen;
    private final Layout layout;
    private final PrintWriter out;

    public ScreenView(Screen screen, Layout layout, PrintWriter out) {
        this.screen = screen;
        this.layout = layout;
        this.out = out;
    }

    @Override
    public void show(Frame frame) {
        screen.draw(layout.layOut(frame, screen.columns(), screen.rows()));
    }

    @Override
    public void leaveBehind(Frame frame) {
        var lines = layout.generations(frame, screen.columns()).stream().map(screen::render).toList();
        screen.close();
        lines.forEach(out::println);
        out.flush();
    }

    @Override
    public void close() {
        screen.close();
    }
}
