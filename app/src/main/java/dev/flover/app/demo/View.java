package dev.flover.app.demo;

/// Shows frames as they come: on a screen, or as lines where there is none.
interface View extends AutoCloseable {
    void show(Frame frame);

    @Override
    void close();
}
