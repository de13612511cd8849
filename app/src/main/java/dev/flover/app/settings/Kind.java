package dev.flover.app.settings;

import dev.flover.topology.models.Begin;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The type of a setting: which values it allows and how they are written.
///
/// @param <T> type of the parsed value
public sealed interface Kind<T> {
    /// @throws IllegalArgumentException if the text is not of the form that [#expected] describes
    T parse(String text);

    /// Describes the allowed values, as the end of a sentence that begins "must be".
    String expected();

    /// Returns the placeholder for the value in help texts, such as `FILE`.
    String label();

    /// A whole number in [least, most].
    record Whole(int least, int most) implements Kind<Integer> {
        @Override
        public Integer parse(String text) {
            return Math.toIntExact(inRange(Long.parseLong(text.strip()), least, most));
        }

        @Override
        public String expected() {
            return most == Integer.MAX_VALUE ? "a whole number of at least " + least
                    : "a whole number in [" + least + ", " + most + "]";
        }

        @Override
        public String label() {
            return "N";
        }
    }

    /// A duration: `50ms`, `10s`, `5m`, `2h`, `7d`; a number without a unit is in milliseconds, as in Kafka's settings.
    record Time(Duration least, Duration most) implements Kind<Duration> {
        private static final Map<String, Duration> UNITS = units();

        private static Map<String, Duration> units() {
            var units = new LinkedHashMap<String, Duration>();
            units.put("ms", Duration.ofMillis(1));
            units.put("d", Duration.ofDays(1));
            units.put("h", Duration.ofHours(1));
            units.put("m", Duration.ofMinutes(1));
            units.put("s", Duration.ofSeconds(1));
            return units;
        }

        @Override
        public Duration parse(String text) {
            Scaled scaled = Scaled.of(text, "ms");
            if (!UNITS.containsKey(scaled.unit())) {
                throw new IllegalArgumentException("no unit of time: " + scaled.unit());
            }
            long unit = UNITS.get(scaled.unit()).toMillis();
            return Duration.ofMillis(inRange(multiply(scaled.number(), unit), least.toMillis(), most.toMillis()));
        }

        @Override
        public String expected() {
            return "a length of time such as 50ms, 10s, 5m, 2h or 7d, from " + write(least) + " to " + write(most);
        }

        @Override
        public String label() {
            return "TIME";
        }

        /// Writes a duration in the largest unit that gives a whole number.
        public static String write(Duration time) {
            long millis = time.toMillis();
            for (var unit : Map.of("d", 86_400_000L, "h", 3_600_000L, "m", 60_000L, "s", 1_000L).entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed()).toList()) {
                if (millis != 0 && millis % unit.getValue() == 0) {
                    return millis / unit.getValue() + unit.getKey();
                }
            }
            return millis + "ms";
        }
    }

    /// A position in a topic from which to read: a point in time, the beginning (`earliest`) or the end (`latest`).
    record Moment() implements Kind<Begin> {
        @Override
        public Begin parse(String text) {
            return Begin.parse(text, Instant.now());
        }

        @Override
        public String expected() {
            return "earliest, latest, a time such as 2026-11-29T10:00:00Z, or how long ago, such as 90m, 2h or 1d";
        }

        @Override
        public String label() {
            return "WHEN";
        }
    }

    /// A number of bytes: `512KiB`, `256MiB`, `2GiB`; a number without a unit is in bytes.
    record Size(long least, long most) implements Kind<Long> {
        private static final Map<String, Integer> SHIFTS = Map.of("B", 0, "KiB", 10, "MiB", 20, "GiB", 30);

        @Override
        public Long parse(String text) {
            Scaled scaled = Scaled.of(text, "B");
            if (!SHIFTS.containsKey(scaled.unit())) {
                throw new IllegalArgumentException("no unit of bytes: " + scaled.unit());
            }
            return inRange(multiply(scaled.number(), 1L << SHIFTS.get(scaled.unit())), least, most);
        }

        @Override
        public String expected() {
            return "a number of bytes such as 4096, 512KiB, 256MiB or 2GiB, from " + write(least) + " to "
                    + write(most);
        }

        @Override
        public String label() {
            return "BYTES";
        }

        /// Writes a number of bytes in the largest unit that gives a whole number.
        public static String write(long bytes) {
            for (String unit : new String[] {"GiB", "MiB", "KiB"}) {
                int shift = Objects.requireNonNull(SHIFTS.get(unit));
                if (bytes != 0 && bytes % (1L << shift) == 0) {
                    return (bytes >> shift) + unit;
                }
            }
            return Long.toString(bytes);
        }
    }

    /// A boolean, written `true` or `false`.
    record Flag() implements Kind<Boolean> {
        @Override
        public Boolean parse(String text) {
            return switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException("neither true nor false");
            };
        }

        @Override
        public String expected() {
            return "true or false";
        }

        @Override
        public String label() {
            return "";
        }
    }

    /// One of a few words: an enum's constants, in lower case with hyphens.
    record Choice<E extends Enum<E>>(Class<E> type) implements Kind<E> {
        @Override
        public E parse(String text) {
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> write(constant).equals(text.strip().toLowerCase(Locale.ROOT)))
                    .findFirst().orElseThrow(() -> new IllegalArgumentException("none of the words"));
        }

        @Override
        public String expected() {
            return Arrays.stream(type.getEnumConstants()).map(Choice::write).collect(Collectors.joining(" or "));
        }

        @Override
        public String label() {
            return "HOW";
        }

        public static String write(Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /// A text of a certain form.
    ///
    /// @param form     the pattern that the whole text has to match
    /// @param expected the form in words
    /// @param label    the placeholder in help texts
    record Text(Pattern form, String expected, String label) implements Kind<String> {
        @Override
        public String parse(String text) {
            if (!form.matcher(text).matches()) {
                throw new IllegalArgumentException("not of the form");
            }
            return text;
        }
    }

    /// A regular expression in Java's syntax, which has to match whole names.
    record Names() implements Kind<Pattern> {
        @Override
        public Pattern parse(String text) {
            if (text.isBlank()) {
                throw new IllegalArgumentException("empty");
            }
            return Pattern.compile(text);
        }

        @Override
        public String expected() {
            return "a regular expression";
        }

        @Override
        public String label() {
            return "PATTERN";
        }
    }

    /// The path of a file or folder.
    record File(String label) implements Kind<Path> {
        @Override
        public Path parse(String text) {
            if (text.isBlank()) {
                throw new InvalidPathException(text, "empty");
            }
            return Path.of(text);
        }

        @Override
        public String expected() {
            return "a path";
        }
    }

    /// Names with positive weights: `north=2,south=0.5`.
    record Weights(double most) implements Kind<Map<String, Double>> {
        @Override
        public Map<String, Double> parse(String text) {
            var weights = new HashMap<String, Double>();
            for (String entry : text.isBlank() ? new String[0] : text.split(",", -1)) {
                int equals = entry.lastIndexOf('=');
                double weight = Double.parseDouble(entry.substring(equals + 1));
                boolean first = weights.put(entry.substring(0, Math.max(equals, 0)).strip(), weight) == null;
                if (equals < 1 || !(weight > 0 && weight <= most) || !first) {
                    throw new IllegalArgumentException("not a name with a weight: " + entry);
                }
            }
            return Map.copyOf(weights);
        }

        @Override
        public String expected() {
            return String.format(Locale.ROOT, "NAME=WEIGHT, or several separated by commas, each name once, with "
                    + "weights in (0, %.0f]", most);
        }

        @Override
        public String label() {
            return "NAME=WEIGHT,...";
        }
    }

    private static long inRange(long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("not in [" + least + ", " + most + "]");
        }
        return value;
    }

    private static long multiply(long number, long unit) {
        try {
            return Math.multiplyExact(number, unit);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("more than a long holds", e);
        }
    }

    /// A number and its unit: `50ms` is 50 and `ms`.
    record Scaled(long number, String unit) {
        private static final Pattern FORM = Pattern.compile("(-?\\d{1,18})\\s*([A-Za-z]*)");

        static Scaled of(String text, String bareUnit) {
            var form = FORM.matcher(text.strip());
            if (!form.matches()) {
                throw new IllegalArgumentException("not a number with a unit");
            }
            return new Scaled(Long.parseLong(form.group(1)), form.group(2).isEmpty() ? bareUnit : form.group(2));
        }
    }
}
