package dev.flover.topology.streams;

import java.util.concurrent.Semaphore;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends records that the producer has buffered, before the next commit does, for readers of uncommitted records.
///
/// Kafka's producer can only be told to send its buffer by a call that waits until the broker has it. Therefore another
/// thread than the stream thread makes this call.
public final class EarlySends implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EarlySends.class);

    private final Semaphore wanted = new Semaphore(0);
    private volatile Runnable sending = () -> { };
    private @Nullable Thread thread;

    /// Sets the call that sends the buffer of the present producer, and starts the thread with the first one.
    synchronized void by(Runnable call) {
        sending = call;
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("flover-early-sends").start(this::run);
        }
    }

    /// Asks for the buffer to be sent soon. Returns at once.
    public void request() {
        wanted.release();
    }

    private void run() {
        try {
            while (true) {
                wanted.acquire();
                wanted.drainPermits();
                try {
                    sending.run();
                } catch (KafkaException e) {
                    LOG.debug("sending before the commit failed; the commit sends the records", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();     // the life has ended
        }
    }

    @Override
    public synchronized void close() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
