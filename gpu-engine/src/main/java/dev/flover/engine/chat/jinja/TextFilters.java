package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Filters that change the layout or the encoding of text.
final class TextFilters {
    private static final Pattern WORD_START = Pattern.compile("([-\\s({\\[<]+)", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern TAG = Pattern.compile("(?s)<!--.*?-->|<[^>]*>");
    private static final Pattern SPACES = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

    private TextFilters() {}

    /// Capitalises each word, where words begin after white space, hyphens and opening brackets.
    static String title(String text) {
        var out = new StringBuilder();
        var breaks = WORD_START.matcher(text);
        int from = 0;
        while (breaks.find()) {
            out.append(Methods.capitalize(text.substring(from, breaks.start()))).append(breaks.group());
            from = breaks.end();
        }
        return out.append(Methods.capitalize(text.substring(from))).toString();
    }

    /// Centres a text. Where the number of blanks is odd, the extra blank comes first if the width is odd, too, as in
    /// Python.
    static String center(String text, int width, String fill) {
        int missing = width - text.codePointCount(0, text.length());
        Budget.requireLength(width);
        if (missing <= 0) {
            return text;
        }
        int left = missing / 2 + (missing & width & 1);
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }

    static int words(String text) {
        return (int) WORD.matcher(text).results().count();
    }

    static String truncate(String text, Arguments arguments) {
        int length = arguments.whole(0, "length", 255);
        boolean inWords = Values.truth(arguments.get(1, "killwords", false));
        String end = Values.text(arguments.get(2, "end", "..."));
        int leeway = arguments.whole(3, "leeway", 5);
        int size = text.codePointCount(0, text.length());
        int endSize = end.codePointCount(0, end.length());
        if (length < endSize || leeway < 0) {
            throw new JinjaException("the template truncates to " + length + " characters");
        }
        if (size <= (long) length + leeway) {
            return text;
        }
        String cut = text.substring(0, text.offsetByCodePoints(0, length - endSize));
        int space = cut.lastIndexOf(' ');
        return (inWords || space < 0 ? cut : cut.substring(0, space)) + end;
    }

    /// Wraps each line of a text at spaces, greedily; words longer than the width are cut unless `break_long_words` is
    /// false.
    static String wrap(String text, Arguments arguments) {
        int width = arguments.whole(0, "width", 79);
        boolean cuts = Values.truth(arguments.get(1, "break_long_words", true));
        String newline = Values.text(arguments.get(2, "wrapstring", null) == null
                ? "\n" : arguments.get(2, "wrapstring", null));
        if (width < 1 || !Values.truth(arguments.get(3, "break_on_hyphens", true)) || text.contains("-")) {
            throw new JinjaException("the template wraps text at hyphens or to no width, which is not supported");
        }
        var lines = new ArrayList<String>();
        for (String paragraph : text.lines().toList()) {
            lines.addAll(wrapped(paragraph, width, cuts));
        }
        return String.join(newline, lines);
    }

    private static List<String> wrapped(String paragraph, int width, boolean cuts) {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (String word : paragraph.split(" ")) {
            String rest = word;
            if (!line.isEmpty() && line.length() + 1 + rest.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            while (cuts && rest.length() > width) {
                lines.add(rest.substring(0, width));
                rest = rest.substring(width);
            }
            line.append(line.isEmpty() ? "" : " ").append(rest);
        }
        lines.add(line.toString());
        return lines;
    }

    static String withoutTags(String text) {
        String plain = SPACES.matcher(TAG.matcher(text).replaceAll("")).replaceAll(" ").strip();
        return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", "\"").replace("&quot;", "\"")
                .replace("&#39;", "'").replace("&amp;", "&");
    }

    static String urlEncode(@Nullable Object value) {
        if (Markup.plain(value) instanceof String text) {
            return percentEncoded(text, true);
        }
        var pairs = new ArrayList<String>();
        var items = value instanceof Map<?, ?> map ? Methods.items(map) : Values.elements(value);
        for (Object item : items) {
            var pair = Values.elements(item);
            pairs.add(percentEncoded(Values.text(pair.getFirst()), false) + "="
                    + percentEncoded(Values.text(pair.getLast()), false));
        }
        return String.join("&", pairs);
    }

    private static String percentEncoded(String text, boolean path) {
        String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8).replace("*", "%2A").replace("%7E", "~");
        return path ? encoded.replace("+", "%20").replace("%2F", "/") : encoded;
    }

    static String fileSize(double bytes, Arguments arguments) {
        boolean binary = Values.truth(arguments.get(0, "binary", false));
        int base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return "1 Byte";
        }
        if (bytes < base) {
            return (long) bytes + " Bytes";
        }
        String[] units = binary
                ? new String[] {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
                : new String[] {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
        double unit = base;
        int at = 0;
        while (bytes >= unit * base && at < units.length - 1) {
            unit *= base;
            at++;
        }
        return String.format(Locale.ROOT, "%.1f %s", bytes / unit, units[at]);
    }
}
