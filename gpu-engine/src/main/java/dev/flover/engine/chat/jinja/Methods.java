package dev.flover.engine.chat.jinja;

import dev.flover.engine.chat.jinja.syntax.JinjaException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The methods of Python's strings, lists and dictionaries that templates call.
final class Methods {
    /// The characters at which Python's `splitlines` ends a line.
    private static final String LINE_ENDS = "\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029";
    private static final int MAX_TAB = 64;

    private Methods() {}

    /// The method of a value by its name, bound to that value; null where there is none of that name.
    static @Nullable Callable of(@Nullable Object target, String name) {
        return switch (target) {
            case String text -> ofString(text, name);
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            case null, default -> null;
        };
    }

    private static @Nullable Callable ofString(String text, String name) {
        return switch (name) {
            case "strip" -> arguments -> strip(text, arguments.text(0, "chars", null), true, true);
            case "lstrip" -> arguments -> strip(text, arguments.text(0, "chars", null), true, false);
            case "rstrip" -> arguments -> strip(text, arguments.text(0, "chars", null), false, true);
            case "startswith" -> arguments -> affix(part(text, arguments, 1), arguments.require(0, "prefix"), true);
            case "endswith" -> arguments -> affix(part(text, arguments, 1), arguments.require(0, "suffix"), false);
            case "removeprefix" -> arguments -> without(text, Values.string(arguments.require(0, "prefix")), true);
            case "removesuffix" -> arguments -> without(text, Values.string(arguments.require(0, "suffix")), false);
            case "upper" -> _ -> text.toUpperCase(Locale.ROOT);
            case "lower" -> _ -> text.toLowerCase(Locale.ROOT);
            case "capitalize" -> _ -> capitalize(text);
            case "title" -> _ -> title(text);
            case "replace" -> arguments -> replace(text, Values.string(arguments.require(0, "old")),
                    Values.string(arguments.require(1, "new")), arguments.whole(2, "count", -1));
            case "split", "rsplit" -> arguments -> split(text, arguments.text(0, "sep", null),
                    arguments.whole(1, "maxsplit", -1), name.equals("rsplit"));
            case "splitlines" -> arguments -> lines(text, Values.truth(arguments.get(0, "keepends", false)));
            case "format" -> arguments ->
                new BraceFormat(text, arguments.positional(), arguments.named(), false).write();
            case "format_map" -> arguments -> arguments.require(0, "mapping") instanceof Map<?, ?> map
                    ? new BraceFormat(text, List.of(), map, false).write()
                    : new Undefined("a mapping to format");
            case "swapcase" -> _ -> swapped(text);
            case "casefold" -> _ -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
            case "center", "ljust", "rjust" -> arguments -> justified(text, name, arguments);
            case "zfill" -> arguments -> {
                Budget.requireLength(arguments.whole(0, "width", 0));
                return PercentFormat.padded(text, '=', arguments.whole(0, "width", 0), '0');
            };
            case "partition", "rpartition" -> arguments ->
                partition(text, Values.string(arguments.require(0, "sep")), name.equals("rpartition"));
            case "expandtabs" -> arguments -> expanded(text, arguments.whole(0, "tabsize", 8));
            case "join" -> arguments -> join(Values.elements(arguments.require(0, "iterable")), text);
            case "find", "rfind", "index", "rindex" -> arguments -> found(text, name, arguments);
            case "count" -> arguments -> count(part(text, arguments, 1), Values.string(arguments.require(0, "sub")));
            default -> testOf(text, name);
        };
    }

    private static @Nullable Callable testOf(String text, String name) {
        return switch (name) {
            case "isdecimal", "isnumeric", "isdigit" -> _ -> all(text, Character::isDigit);
            case "istitle" -> _ -> text.equals(title(text)) && text.codePoints().anyMatch(Character::isLetter);
            case "isidentifier" -> _ -> text.matches("[\\p{L}_][\\p{L}\\p{N}_]*");
            case "isascii" -> _ -> text.chars().allMatch(c -> c < 0x80);
            case "isalpha" -> _ -> all(text, Character::isLetter);
            case "isalnum" -> _ -> all(text, Character::isLetterOrDigit);
            case "isspace" -> _ -> all(text, Character::isWhitespace);
            case "isupper" -> _ ->
                !text.equals(text.toLowerCase(Locale.ROOT)) && text.equals(text.toUpperCase(Locale.ROOT));
            case "islower" -> _ ->
                !text.equals(text.toUpperCase(Locale.ROOT)) && text.equals(text.toLowerCase(Locale.ROOT));
            default -> null;
        };
    }

    private static @Nullable Callable ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> _ -> items(map);
            case "keys" -> _ -> new ArrayList<Object>(map.keySet());
            case "values" -> _ -> new ArrayList<Object>(map.values());
            case "update", "pop", "popitem", "setdefault", "clear" -> _ -> {
                throw new JinjaException("the template changes a dictionary by " + name
                        + ", which the sandbox forbids");
            };
            case "get" -> arguments -> {
                Object key = arguments.require(0, "key");
                return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
            };
            case "copy" -> _ -> new LinkedHashMap<Object, Object>(map);
            default -> null;
        };
    }

    private static @Nullable Callable ofList(List<?> list, String name) {
        return switch (name) {
            case "index" -> arguments -> {
                for (int i = 0; i < list.size(); i++) {
                    if (Values.equal(list.get(i), arguments.require(0, "value"))) {
                        return (long) i;
                    }
                }
                throw new JinjaException("the template asks for the index of a value that a list does not contain");
            };
            case "count" -> arguments ->
                list.stream().filter(each -> Values.equal(each, arguments.require(0, "value"))).count();
            case "copy" -> _ -> new ArrayList<Object>(list);
            case "append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort" -> _ -> {
                throw new JinjaException("the template changes a list by " + name + ", which the sandbox forbids");
            };
            default -> null;
        };
    }

    static List<Object> items(Map<?, ?> map) {
        var items = new ArrayList<Object>();
        map.forEach((key, value) -> {
            items.add(new Tuple(Arrays.asList(key, value)));
        });
        return items;
    }

    /// Removes characters from the ends of a text.
    ///
    /// @param characters the characters to remove; null removes white space
    static String strip(String text, @Nullable String characters, boolean left, boolean right) {
        IntPredicate stripped =
                characters == null ? Methods::isSpace : c -> characters.indexOf(c) >= 0;
        int start = 0;
        int end = text.length();
        while (left && start < end && stripped.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && stripped.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    /// Whether a character is white space by Python's `str.isspace`.
    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static boolean affix(String text, @Nullable Object affixes, boolean prefix) {
        if (affixes instanceof List<?> several) {
            return several.stream().anyMatch(each -> affix(text, each, prefix));
        }
        String affix = Values.string(affixes);
        return prefix ? text.startsWith(affix) : text.endsWith(affix);
    }

    private static String without(String text, String affix, boolean prefix) {
        if (prefix) {
            return text.startsWith(affix) ? text.substring(affix.length()) : text;
        }
        return text.endsWith(affix) ? text.substring(0, text.length() - affix.length()) : text;
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return titled(text.codePointAt(0)) + lowerAfter(text, first);
    }

    /// A code point in title case: `ǆ` becomes `ǅ`, and `ß` becomes `Ss`.
    private static String titled(int c) {
        String upper = Character.toString(c).toUpperCase(Locale.ROOT);
        return Character.toTitleCase(c) != c || upper.length() == Character.charCount(c)
                ? Character.toString(Character.toTitleCase(c))
                : upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT);
    }

    /// The rest of a text in lower case. The whole text is lowered first, because the lower case of a sigma at the end
    /// of a word depends on the characters before it.
    private static String lowerAfter(String text, int from) {
        String lowered = text.toLowerCase(Locale.ROOT);
        return lowered.substring(text.substring(0, from).toLowerCase(Locale.ROOT).length());
    }

    static String title(String text) {
        var out = new StringBuilder(text.length());
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }

    static String replace(String text, String old, String with, int count) {
        Budget.requireLength(text.length() + (double) with.length() * count(text, old));
        if (count < 0) {
            return text.replace(old, with);
        }
        var out = new StringBuilder();
        int at = 0;
        for (int i = 0; i < count; i++) {
            int next = text.indexOf(old, at + (old.isEmpty() && i > 0 ? 1 : 0));
            if (next < 0 || old.isEmpty() && i > text.length()) {
                break;
            }
            out.append(text, at, next).append(with);
            at = next + old.length();
        }
        return out.append(text, at, text.length()).toString();
    }

    private static List<Object> split(String text, @Nullable String separator, int most, boolean fromRight) {
        var parts = new ArrayList<Object>();
        if (separator == null) {
            return splitAtSpaces(text, most, fromRight);
        }
        if (separator.isEmpty()) {
            throw new JinjaException("the template splits a string at an empty one");
        }
        String rest = text;
        while (most < 0 || parts.size() < most) {
            int at = fromRight ? rest.lastIndexOf(separator) : rest.indexOf(separator);
            if (at < 0) {
                break;
            }
            parts.add(fromRight ? rest.substring(at + separator.length()) : rest.substring(0, at));
            rest = fromRight ? rest.substring(0, at) : rest.substring(at + separator.length());
        }
        parts.add(rest);
        return fromRight ? parts.reversed() : parts;
    }

    private static List<Object> splitAtSpaces(String text, int most, boolean fromRight) {
        if (fromRight && most >= 0) {
            return splitAtSpacesFromRight(text, most);
        }
        var parts = new ArrayList<Object>();
        String rest = strip(text, null, true, false);
        while (!rest.isEmpty()) {
            int end = 0;
            while (end < rest.length() && !isSpace(rest.charAt(end))) {
                end++;
            }
            if (most >= 0 && parts.size() == most) {
                parts.add(rest);
                return parts;
            }
            parts.add(rest.substring(0, end));
            rest = strip(rest.substring(end), null, true, false);
        }
        return parts;
    }

    private static List<Object> splitAtSpacesFromRight(String text, int most) {
        var parts = new ArrayList<Object>();
        String rest = strip(text, null, false, true);
        while (!rest.isEmpty()) {
            int start = rest.length();
            while (start > 0 && !isSpace(rest.charAt(start - 1))) {
                start--;
            }
            if (parts.size() == most) {
                parts.add(rest);
                break;
            }
            parts.add(rest.substring(start));
            rest = strip(rest.substring(0, start), null, false, true);
        }
        return parts.reversed();
    }

    static String join(List<Object> elements, String separator) {
        Budget.requireLength((double) separator.length() * elements.size());
        var out = new StringBuilder();
        for (int i = 0; i < elements.size(); i++) {
            Budget.requireLength(out.length());
            out.append(i == 0 ? "" : separator).append(Values.text(elements.get(i)));
        }
        return out.toString();
    }

    private static long found(String text, String method, Arguments arguments) {
        String sub = Values.string(arguments.require(0, "sub"));
        long start = arguments.size() > 1 ? bound(text, arguments.get(1, "start", null), 0) : 0;
        String part = part(text, arguments, 1);
        int at = method.startsWith("r") ? part.lastIndexOf(sub) : part.indexOf(sub);
        if (at < 0 && method.endsWith("index")) {
            throw new JinjaException("the template asks for the index of a text that a string does not contain");
        }
        return at < 0 ? -1 : start + part.codePointCount(0, at);
    }

    /// The part of a text between the arguments `start` and `end`, which count code points and from the end where
    /// negative.
    ///
    /// @param at the position of `start` among the arguments; `end` follows it
    private static String part(String text, Arguments arguments, int at) {
        if (arguments.positional().size() <= at) {
            return text;
        }
        long length = text.codePointCount(0, text.length());
        long start = bound(text, arguments.get(at, "start", null), 0);
        long end = bound(text, arguments.get(at + 1, "end", null), length);
        return start >= end ? "" : text.substring(
                text.offsetByCodePoints(0, (int) start), text.offsetByCodePoints(0, (int) end));
    }

    private static long bound(String text, @Nullable Object given, long otherwise) {
        if (given == null) {
            return otherwise;
        }
        long length = text.codePointCount(0, text.length());
        long value = Values.integer(given);
        return Math.clamp(value < 0 ? value + length : value, 0, length);
    }

    private static List<Object> lines(String text, boolean keepsEnds) {
        var lines = new ArrayList<Object>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (LINE_ENDS.indexOf(c) >= 0) {
                int end = c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n' ? i + 2 : i + 1;
                lines.add(text.substring(start, keepsEnds ? end : i));
                start = end;
                i = end - 1;
            }
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    private static String swapped(String text) {
        var out = new StringBuilder();
        text.codePoints().forEach(c -> out.append(Character.isUpperCase(c)
                ? Character.toString(c).toLowerCase(Locale.ROOT)
                : Character.toString(c).toUpperCase(Locale.ROOT)));
        return out.toString();
    }

    private static String justified(String text, String method, Arguments arguments) {
        int width = arguments.whole(0, "width", 0);
        String fill = arguments.text(1, "fillchar", " ");
        if (fill == null || fill.codePointCount(0, fill.length()) != 1) {
            throw new JinjaException("the template fills with " + Values.repr(fill) + "; one character is needed");
        }
        Budget.requireLength(width);
        int missing = Math.max(0, width - text.codePointCount(0, text.length()));
        return switch (method) {
            case "ljust" -> text + fill.repeat(missing);
            case "rjust" -> fill.repeat(missing) + text;
            default -> TextFilters.center(text, width, fill);
        };
    }

    private static Tuple partition(String text, String separator, boolean last) {
        if (separator.isEmpty()) {
            throw new JinjaException("the template splits a string at an empty one");
        }
        int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            return new Tuple(last ? List.of("", "", text) : List.of(text, "", ""));
        }
        return new Tuple(List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
    }

    private static String expanded(String text, int size) {
        var out = new StringBuilder();
        int column = 0;
        for (char c : text.toCharArray()) {
            int blanks = size < 1 ? 0 : size - column % size;
            out.append(c == '\t' ? " ".repeat(Math.min(blanks, MAX_TAB)) : Character.toString(c));
            column = c == '\n' || c == '\r' ? 0 : column + (c == '\t' ? blanks : 1);
            Budget.requireLength(out.length());
        }
        return out.toString();
    }

    private static long count(String text, String part) {
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1;
        }
        long count = 0;
        for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static boolean all(String text, IntPredicate rule) {
        return !text.isEmpty() && text.codePoints().allMatch(rule);
    }
}
