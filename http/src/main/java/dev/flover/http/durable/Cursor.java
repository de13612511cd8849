package dev.flover.http.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The cursors of live responses. A client sends the last one back, so that its next request differs from the one
/// before and no cache answers it again and again.
public final class Cursor {
    private static final Instant EPOCH = Instant.parse("2024-10-09T00:00:00Z");
    private static final int INTERVAL_S = 20;
    private static final int MOST_JITTER_S = 3_600;

    private Cursor() {}

    /// Returns the number of the present interval of 20 s, or a greater number than the one that the client sent.
    ///
    /// @param sent the client's cursor; null or not a number if it has none
    public static String next(@Nullable String sent, Instant now) {
        long present = Duration.between(EPOCH, now).toSeconds() / INTERVAL_S;
        long before = sent != null && sent.matches("\\d{1,15}") ? Long.parseLong(sent) : -1;
        if (before < present) {
            return Long.toString(present);
        }
        int jitterS = ThreadLocalRandom.current().nextInt(1, MOST_JITTER_S + 1);
        return Long.toString(before + Math.max(1, jitterS / INTERVAL_S));
    }
}
