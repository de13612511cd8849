package dev.flover.app.picture;

/// Shows frames as they come: drawn on a terminal, or as lines if the output is not a terminal.
public interface View extends AutoCloseable {
    void show(Frame frame);

    /// Ends the display and leaves the final state of the generations to read.
    void leaveBehind(Frame frame);

    /// Ends the display and leaves nothing.
    @Override
    void close();
}
