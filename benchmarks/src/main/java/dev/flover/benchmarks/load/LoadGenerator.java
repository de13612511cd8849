package dev.flover.benchmarks.load;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// Sends requests at a rate that does not depend on the rate of the answers (an open loop), as a large number of
/// independent clients does.
final class LoadGenerator implements AutoCloseable {
    private static final long PACE_NANOS = 2_000_000;

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private volatile long sent;       // written by the sending thread only
    private volatile long bad;

    LoadGenerator(String bootstrapServers, String topic) {
        this.topic = topic;
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers, "linger.ms", 5,
                "batch.size", 128 << 10, "delivery.timeout.ms", 60_000),
                new ByteArraySerializer(), new ByteArraySerializer());
    }

    /// Sends the given number of requests at once.
    void burst(RequestMix mix, int requests) {
        for (int i = 0; i < requests; i++) {
            send(mix);
        }
        producer.flush();
    }

    /// Sends requests at an even rate for the given number of seconds. A request that could not be sent in time is sent
    /// late and not left out.
    void run(RequestMix mix, double perSecond, int seconds) {
        long begin = System.nanoTime();
        long whole = TimeUnit.SECONDS.toNanos(seconds);
        long done = 0;
        for (long elapsed = 0; elapsed < whole; elapsed = System.nanoTime() - begin) {
            long due = (long) (elapsed / 1e9 * perSecond);
            while (done < due) {
                send(mix);
                done++;
            }
            LockSupport.parkNanos(PACE_NANOS);
        }
        producer.flush();
    }

    private void send(RequestMix mix) {
        var outgoing = mix.next("load-" + sent);
        producer.send(new ProducerRecord<>(topic, outgoing.key(), outgoing.value()));
        sent++;
        if (outgoing.bad()) {
            bad++;
        }
    }

    long sent() {
        return sent;
    }

    /// Returns how many of the sent records were no requests or exceeded the limits.
    long bad() {
        return bad;
    }

    @Override
    public void close() {
        producer.close();
    }
}
