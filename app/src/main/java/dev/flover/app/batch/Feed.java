package dev.flover.app.batch;

/// The source of a job's results: it sends the job's lines itself, or follows a job that is fed elsewhere.
interface Feed {
    /// Goes on with the job, without waiting.
    void feed();

    /// Notes that a line has its outcome.
    void ended(long line);

    /// Ends the job at its deadline.
    void expire();

    /// Returns the number of lines that are sent and not answered.
    int live();

    /// Tells whether no further result comes.
    boolean isOver();
}
