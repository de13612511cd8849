package dev.flover.app.demo;

/// Shows frames as they come: on a screen, or as lines where there is none.
interface View extends AutoCloseable {
    void show(Frame frame);

    /// Ends the show, with this left to read.
    void leaveBehind(Frame frame);

    /// Ends the show, with nothing left.
    @Override
    void close();
}
