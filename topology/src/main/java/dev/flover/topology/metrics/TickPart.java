package dev.flover.topology.metrics;

import java.util.Locale;

/// A part of a stream thread's work, whose time is measured.
public enum TickPart {
    /// Takes in records of the requests topic: decodes, checks and stores requests.
    REQUESTS,
    /// Begins and ends generations: turns, deadlines, cancels, stored answers.
    TURNS,
    /// Takes in the tokens of ended steps and launches the next steps. The steps themselves run elsewhere.
    ENGINE,
    /// Writes chunks and results, and stores progress.
    OUTPUT,
    /// Commits: sends what was written, and ends the transaction.
    COMMIT,
    /// Forgets old ids, and publishes the load.
    OTHER;

    String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
