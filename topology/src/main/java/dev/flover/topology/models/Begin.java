package dev.flover.topology.models;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.OffsetSpec;

/// Where an application id begins to read the requests topic when it is started for the first time.
public sealed interface Begin {
    /// With the oldest request that is kept.
    record Earliest() implements Begin {}

    /// With the next request.
    record Latest() implements Begin {}

    /// With the first request that was written at this time or later.
    record At(Instant time) implements Begin {}

    /// @param text `earliest`, `latest`, a time such as `2026-11-29T10:00:00Z`, or how long ago: `90m`, `2h`, `1d`
    /// @param now  what "ago" is counted from
    /// @throws IllegalArgumentException if it is none of these
    static Begin parse(String text, Instant now) {
        String word = text.strip().toLowerCase(Locale.ROOT);
        if (word.equals("earliest")) {
            return new Earliest();
        }
        if (word.equals("latest")) {
            return new Latest();
        }
        try {
            return new At(Ago.PATTERN.matcher(word).matches()
                    ? now.minus(Ago.duration(word))
                    : OffsetDateTime.parse(text.strip()).toInstant());
        } catch (DateTimeParseException | ArithmeticException e) {
            throw new IllegalArgumentException("must be earliest, latest, a time such as 2026-11-29T10:00:00Z, or how "
                    + "long ago, such as 90m, 2h or 1d; was " + text, e);
        }
    }

    /// The same as Kafka's admin client takes it.
    default OffsetSpec spec() {
        return switch (this) {
            case Earliest earliest -> OffsetSpec.earliest();
            case Latest latest -> OffsetSpec.latest();
            case At(Instant time) -> OffsetSpec.forTimestamp(time.toEpochMilli());
        };
    }

    /// `30s`, `90m`, `2h`, `1d`.
    final class Ago {
        private static final Pattern PATTERN = Pattern.compile("\\d{1,9}[smhd]");

        private Ago() {}

        private static Duration duration(String text) {
            long count = Long.parseLong(text.substring(0, text.length() - 1));
            return switch (text.charAt(text.length() - 1)) {
                case 's' -> Duration.ofSeconds(count);
                case 'm' -> Duration.ofMinutes(count);
                case 'h' -> Duration.ofHours(count);
                default -> Duration.ofDays(count);
            };
        }
    }
}
