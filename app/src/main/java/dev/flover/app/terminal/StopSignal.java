package dev.flover.app.terminal;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.utils.Signals;

/// Ctrl-C, SIGTERM and a closed terminal, as something a command waits for and then ends in good order.
///
/// A second signal ends the process at once.
public final class StopSignal implements AutoCloseable {
    private static final String ORDER = "TERM";
    private static final Map<String, Integer> NUMBERS = Map.of("HUP", 1, "INT", 2, ORDER, 15);
    /// A shell adds this to the number of the signal that ended a process.
    private static final int BY_SIGNAL = 128;

    private final CountDownLatch raised = new CountDownLatch(1);
    private volatile String name;

    private StopSignal() {}

    /// From here on, signals are this object's; before the first one, nothing happens to the process.
    public static StopSignal install() {
        var stop = new StopSignal();
        for (String signal : NUMBERS.keySet()) {
            Signals.register(signal, () -> stop.raise(signal));
        }
        return stop;
    }

    private void raise(String signal) {
        if (name != null) {
            Runtime.getRuntime().halt(BY_SIGNAL + NUMBERS.get(signal));
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

    /// Of a task that did not come to its end; 0 where no signal has come.
    public int exitCode() {
        return name == null ? 0 : BY_SIGNAL + NUMBERS.get(name);
    }

    /// Of a service: SIGTERM is how it is told to stop, and an order carried out; all else interrupts it.
    public int exitCodeOfService() {
        return ORDER.equals(name) ? 0 : exitCode();
    }

    /// Gives the signals back their usual effect.
    @Override
    public void close() {
        NUMBERS.keySet().forEach(Signals::registerDefault);
    }
}
