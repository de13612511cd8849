package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// Python's `strftime` on Linux, in the C locale.
final class TimeFormat {
    private final ZonedDateTime now;

    TimeFormat(ZonedDateTime now) {
        this.now = now;
    }

    String write(String format) {
        var out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            char flag = "-_0^#".indexOf(format.charAt(i + 1)) >= 0 && i + 2 < format.length()
                    ? format.charAt(i + 1)
                    : ' ';
            i += flag == ' ' ? 1 : 2;
            out.append(flagged(flag, field(format.charAt(i))));
        }
        return out.toString();
    }

    private static String flagged(char flag, String field) {
        return switch (flag) {
            case '-' -> field.replaceFirst("^[0 ]+(?=.)", "");
            case '_' -> {
                int zeros = field.length() - field.replaceFirst("^0+(?=.)", "").length();
                yield " ".repeat(zeros) + field.substring(zeros);
            }
            case '0' -> field.replace(' ', '0');
            case '^' -> field.toUpperCase(Locale.ROOT);
            case '#' -> field.equals("AM") || field.equals("PM")
                    ? field.toLowerCase(Locale.ROOT)
                    : field.toUpperCase(Locale.ROOT);
            default -> field;
        };
    }

    private String field(char directive) {
        return switch (directive) {
            case 'c' -> write("%a %b %e %H:%M:%S %Y");
            case 'D', 'x' -> write("%m/%d/%y");
            case 'F' -> write("%Y-%m-%d");
            case 'T', 'X' -> write("%H:%M:%S");
            case 'R' -> write("%H:%M");
            case 'r' -> write("%I:%M:%S %p");
            case 'Y' -> Integer.toString(now.getYear());
            case 'C' -> two(now.getYear() / 100);
            case 'y' -> two(now.getYear() % 100);
            case 'm' -> two(now.getMonthValue());
            case 'd' -> two(now.getDayOfMonth());
            case 'e' -> "%2d".formatted(now.getDayOfMonth());
            case 'j' -> "%03d".formatted(now.getDayOfYear());
            case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            default -> timeField(directive);
        };
    }

    private String timeField(char directive) {
        int weekday = now.getDayOfWeek().getValue();
        return switch (directive) {
            case 'H' -> two(now.getHour());
            case 'k' -> "%2d".formatted(now.getHour());
            case 'I' -> two((now.getHour() + 11) % 12 + 1);
            case 'l' -> "%2d".formatted((now.getHour() + 11) % 12 + 1);
            case 'M' -> two(now.getMinute());
            case 'S' -> two(now.getSecond());
            case 'f' -> "%06d".formatted(now.getNano() / 1000);
            case 'p' -> now.getHour() < 12 ? "AM" : "PM";
            case 'P' -> now.getHour() < 12 ? "am" : "pm";
            case 's' -> Long.toString(now.toEpochSecond());
            case 'u' -> Integer.toString(weekday);
            case 'w' -> Integer.toString(weekday % 7);
            case 'U' -> two((now.getDayOfYear() + 6 - weekday % 7) / 7);
            case 'W' -> two((now.getDayOfYear() + 6 - (weekday - 1)) / 7);
            case 'V' -> two(now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'G' -> Integer.toString(now.get(IsoFields.WEEK_BASED_YEAR));
            case 'g' -> two(now.get(IsoFields.WEEK_BASED_YEAR) % 100);
            case 'z', 'Z' -> "";        // transformers formats a local time without a time zone
            default -> throw new JinjaException("the template writes the time with %" + directive
                    + ", which is not supported");
        };
    }

    private static String two(int number) {
        return "%02d".formatted(number);
    }
}
