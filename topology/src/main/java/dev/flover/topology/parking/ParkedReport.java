package dev.flover.topology.parking;

import dev.flover.topology.records.RequestDecoding;
import dev.flover.topology.weather.Standstill;
import java.time.Duration;
import org.apache.kafka.common.TopicPartition;

/// Reports a standstill of one partition when records have been parked in it for long.
public final class ParkedReport {
    private static final long NONE = -1;
    private static final long SAY_AGAIN_MS = 1_000;

    private final ParkedRecords parked;
    private final Standstill standstill;
    private final long silenceMs;
    private final String subject;
    private long parkedSince = NONE;
    private long saidAt;

    /// @param silence how long records are parked before that is reported
    public ParkedReport(ParkedRecords parked, TopicPartition partition, Standstill standstill, Duration silence) {
        this.parked = parked;
        this.standstill = standstill;
        silenceMs = silence.toMillis();
        subject = "schemas on " + partition;
    }

    /// Reports the reason for which the first record is parked, about once a second as long as that lasts; and the end
    /// of the standstill.
    ///
    /// @param now time in ms
    public void tick(RequestDecoding decoding, long now) {
        if (parked.size() == 0) {
            if (parkedSince != NONE) {
                parkedSince = NONE;
                standstill.over(subject);
            }
        } else if (parkedSince == NONE) {
            parkedSince = now;
        } else if (now - parkedSince >= silenceMs && now - saidAt >= SAY_AGAIN_MS) {
            saidAt = now;
            standstill.say(subject, parked.describe(decoding), parked.isFull());
        }
    }

    /// Withdraws the report, because another instance has the partition from now on.
    public void close() {
        standstill.forget(subject);
    }
}
