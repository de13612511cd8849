package dev.flover.embedded;

/// The two signals between a broker's process and its parent, over standard input and output.
public final class BrokerSignals {
    /// The line that the broker writes to standard output once clients can connect.
    public static final String READY = "ready";
    /// The byte that the parent writes to the broker's standard input to stop it.
    public static final int STOP = 's';

    private BrokerSignals() {}
}
