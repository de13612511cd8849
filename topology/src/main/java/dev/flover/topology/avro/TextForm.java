package dev.flover.topology.avro;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.jspecify.annotations.Nullable;

/// The forms in which values without a JSON type are written as strings: for each form a regular expression that
/// exactly its valid texts match, and the conversion of such a text to the Avro value.
enum TextForm {
    DATE(TextForm.day(Years.ANY)) {
        @Override
        Object value(String text, Schema schema) {
            return (int) LocalDate.parse(text).toEpochDay();
        }
    },
    TIME_MILLIS(TextForm.time(3)) {
        @Override
        Object value(String text, Schema schema) {
            return (int) (LocalTime.parse(text).toNanoOfDay() / 1_000_000);
        }
    },
    TIME_MICROS(TextForm.time(6)) {
        @Override
        Object value(String text, Schema schema) {
            return LocalTime.parse(text).toNanoOfDay() / 1_000;
        }
    },
    TIMESTAMP_MILLIS(TextForm.moment(Years.ANY, 3, "Z")) {
        @Override
        Object value(String text, Schema schema) {
            return Instant.parse(text).toEpochMilli();
        }
    },
    TIMESTAMP_MICROS(TextForm.moment(Years.ANY, 6, "Z")) {
        @Override
        Object value(String text, Schema schema) {
            return since(Instant.parse(text), ChronoUnit.MICROS);
        }
    },
    TIMESTAMP_NANOS(TextForm.moment(Years.OF_NANOS, 9, "Z")) {
        @Override
        Object value(String text, Schema schema) {
            return since(Instant.parse(text), ChronoUnit.NANOS);
        }
    },
    LOCAL_TIMESTAMP_MILLIS(TextForm.moment(Years.ANY, 3, "")) {
        @Override
        Object value(String text, Schema schema) {
            return since(local(text), ChronoUnit.MILLIS);
        }
    },
    LOCAL_TIMESTAMP_MICROS(TextForm.moment(Years.ANY, 6, "")) {
        @Override
        Object value(String text, Schema schema) {
            return since(local(text), ChronoUnit.MICROS);
        }
    },
    LOCAL_TIMESTAMP_NANOS(TextForm.moment(Years.OF_NANOS, 9, "")) {
        @Override
        Object value(String text, Schema schema) {
            return since(local(text), ChronoUnit.NANOS);
        }
    },
    UUID_TEXT("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}") {
        @Override
        Object value(String text, Schema schema) {
            return UUID.fromString(text).toString();
        }
    },
    UUID_BYTES("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}") {
        @Override
        Object value(String text, Schema schema) {
            var uuid = UUID.fromString(text);
            return new GenericData.Fixed(schema, ByteBuffer.allocate(16).putLong(uuid.getMostSignificantBits())
                    .putLong(uuid.getLeastSignificantBits()).array());
        }
    },
    BASE64("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?") {
        @Override
        Object value(String text, Schema schema) {
            return ByteBuffer.wrap(Base64.getDecoder().decode(text));
        }
    },
    BASE64_OF_LENGTH("") {
        @Override
        String pattern(Schema schema) {
            int whole = schema.getFixedSize() / 3;
            return (whole == 0 ? "" : "[A-Za-z0-9+/]{" + 4 * whole + "}") + switch (schema.getFixedSize() % 3) {
                case 1 -> "[A-Za-z0-9+/][AQgw]==";
                case 2 -> "[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=";
                default -> "";
            };
        }

        @Override
        Object value(String text, Schema schema) {
            byte[] bytes = Base64.getDecoder().decode(text);
            if (bytes.length != schema.getFixedSize()) {
                throw new IllegalArgumentException(schema.getFixedSize() + " bytes are expected, found "
                        + bytes.length);
            }
            return new GenericData.Fixed(schema, bytes);
        }
    };

    private final String pattern;

    TextForm(String pattern) {
        this.pattern = pattern;
    }

    private static final class Years {
        private static final String ANY = "[0-9]{4}";
        /// The years whose nanoseconds since 1970 fit in a long.
        private static final String OF_NANOS = "(?:1[7-9]|20|21)[0-9]{2}";
    }

    /// The regular expression that every text of this form matches as a whole.
    String pattern(Schema schema) {
        return pattern;
    }

    /// Converts a text of this form to the Avro value.
    ///
    /// @throws RuntimeException if the text is not of this form
    abstract Object value(String text, Schema schema);

    private static Instant local(String text) {
        return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
    }

    private static long since(Instant moment, ChronoUnit unit) {
        return unit.between(Instant.EPOCH, moment);
    }

    /// A regular expression of the dates that the calendar has: 31 days only in the months that have them, 29 February
    /// only in leap years.
    private static String day(String year) {
        String leap = "[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00";
        return "(?:" + year + "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
                + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
                + "|" + (year.equals(Years.ANY) ? "" : "(?=" + year + ")") + "(?:" + leap + ")-02-29)";
    }

    private static String time(int digits) {
        return "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1," + digits + "})?";
    }

    private static String moment(String year, int digits, String zone) {
        return day(year) + "T" + time(digits) + zone;
    }
}
