package dev.flover.app.terminal;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/// The signals of Ctrl-C, SIGTERM and a closed terminal, as a condition that a command waits for to end in an orderly
/// way.
///
/// A second signal ends the process at once.
public final class StopSignal implements AutoCloseable {
    private static final String ORDER = "TERM";
    private static final Map<String, Integer> NUMBERS = Map.of("HUP", 1, "INT", 2, ORDER, 15);
    /// A shell reports a process that was ended by a signal with this value plus the signal's number as its exit code.
    private static final int BY_SIGNAL = 128;

    private final CountDownLatch raised = new CountDownLatch(1);
    private volatile @Nullable String name;

    private StopSignal() {}

    /// Installs the handlers: from this call on, a first signal raises this object and does not end the process.
    public static StopSignal install() {
        var stop = new StopSignal();
        for (String signal : NUMBERS.keySet()) {
            Signals.register(signal, () -> stop.raise(signal));
        }
        return stop;
    }

    private void raise(String signal) {
        if (name != null) {
            Runtime.getRuntime().halt(BY_SIGNAL + Objects.requireNonNull(NUMBERS.get(signal)));
        }
        name = signal;
        raised.countDown();
    }

    public boolean isRaised() {
        return raised.getCount() == 0;
    }

    /// Waits until a signal arrives or the time has passed.
    ///
    /// @param millis the longest wait in ms
    /// @return true if a signal has arrived
    public boolean await(long millis) {
        try {
            return raised.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /// Returns the exit code of a task that was interrupted; 0 if no signal has arrived.
    public int exitCode() {
        return name == null ? 0 : BY_SIGNAL + Objects.requireNonNull(NUMBERS.get(name));
    }

    /// Returns the exit code of a service: 0 for SIGTERM, which is the normal way to stop it; otherwise [#exitCode].
    public int exitCodeOfService() {
        return ORDER.equals(name) ? 0 : exitCode();
    }

    /// Restores the signals' default effect.
    @Override
    public void close() {
        NUMBERS.keySet().forEach(Signals::registerDefault);
    }
}
