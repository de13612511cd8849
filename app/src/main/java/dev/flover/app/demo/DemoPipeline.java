package dev.flover.app.demo;

import dev.flover.app.picture.Frame;

/// The pipeline of the demo: in this process, or in a child process that the demo kills.
interface DemoPipeline extends AutoCloseable {
    /// The steps that have ended since the start, summed over all processes of the pipeline.
    long steps();

    /// The rows computed in these steps.
    long rows();

    /// @throws dev.flover.app.options.CommandException if the pipeline has failed
    void check();

    /// Lets the pipeline compute steps at full speed again.
    void release();

    /// Told of each frame of the first act.
    void shown(Frame frame, Scoreboard board);

    /// How often it was killed, and how many answers were in the middle then.
    Kills kills();

    @Override
    void close();

    /// @param count       how often the process was killed
    /// @param interrupted the answers that were being written when it was, all kills together
    record Kills(int count, int interrupted) {
        static final Kills NONE = new Kills(0, 0);
    }
}
