package dev.flover.app.terminal;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.utils.Signals;

/// Ctrl-C, SIGTERM and a closed terminal, as something a command waits for and then ends in good order.
///
/// A second signal ends the process at once.
public final class StopSignal implements AutoCloseable {
    private static final List<String> NAMES = List.of("INT", "TERM", "HUP");
    private static final int INTERRUPTED = 130;

    private final CountDownLatch raised = new CountDownLatch(1);
    private volatile String name;

    private StopSignal() {}

    /// From here on, signals are this object's; before the first one, nothing happens to the process.
    public static StopSignal install() {
        var stop = new StopSignal();
        for (String signal : NAMES) {
            Signals.register(signal, () -> stop.raise(signal));
        }
        return stop;
    }

    private void raise(String signal) {
        if (name != null) {
            Runtime.getRuntime().halt(INTERRUPTED);
        }
        name = signal;
        raised.countDown();
    }

    public boolean isRaised() {
        return raised.getCount() == 0;
    }

    /// Waits until a signal comes or the time is over.
    ///
    /// @return whether a signal has come
    public boolean await(long millis) {
        try {
            return raised.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /// SIGTERM is an order carried out; Ctrl-C and a closed terminal are interruptions.
    public int exitCode() {
        return name == null || name.equals("TERM") ? 0 : INTERRUPTED;
    }

    /// Gives the signals back their usual effect.
    @Override
    public void close() {
        NAMES.forEach(Signals::registerDefault);
    }
}
