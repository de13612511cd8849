package dev.flover.topology.models;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.OffsetSpec;

/// The place where an application id begins to read the requests topic when it is started for the first time.
public sealed interface Begin {
    /// At the oldest request that is kept.
    record Earliest() implements Begin {}

    /// At the next request that is written.
    record Latest() implements Begin {}

    /// At the first request that was written at this time or later.
    record At(Instant time) implements Begin {}

    /// Reads a place from an option's text.
    ///
    /// @param text `earliest`, `latest`, a time such as `2026-11-29T10:00:00Z`, or how long ago: `90m`, `2h`, `1d`
    /// @param now  the time that a duration is counted back from
    /// @throws IllegalArgumentException if the text is none of these
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

    /// The place in the form that Kafka's admin client takes.
    default OffsetSpec spec() {
        return switch (this) {
            case Earliest earliest -> OffsetSpec.earliest();
            case Latest latest -> OffsetSpec.latest();
            case At(Instant time) -> OffsetSpec.forTimestamp(time.toEpochMilli());
        };
    }

    /// Durations such as `30s`, `90m`, `2h` and `1d`.
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
