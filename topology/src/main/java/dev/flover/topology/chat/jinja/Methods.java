package dev.flover.topology.chat.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;

/// The methods of Python's strings, lists and dictionaries that templates call.
final class Methods {
    private Methods() {}

    /// A method bound to its object, or null where there is none of that name.
    static Callable of(Object target, String name) {
        return switch (target) {
            case String text -> ofString(text, name);
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            case null, default -> null;
        };
    }

    private static Callable ofString(String text, String name) {
        return switch (name) {
            case "strip" -> arguments -> strip(text, arguments.text(0, "chars", null), true, true);
            case "lstrip" -> arguments -> strip(text, arguments.text(0, "chars", null), true, false);
            case "rstrip" -> arguments -> strip(text, arguments.text(0, "chars", null), false, true);
            case "startswith" -> arguments -> affix(text, arguments.require(0, "prefix"), true);
            case "endswith" -> arguments -> affix(text, arguments.require(0, "suffix"), false);
            case "removeprefix" -> arguments -> without(text, Values.string(arguments.require(0, "prefix")), true);
            case "removesuffix" -> arguments -> without(text, Values.string(arguments.require(0, "suffix")), false);
            case "upper" -> _ -> text.toUpperCase(Locale.ROOT);
            case "lower" -> _ -> text.toLowerCase(Locale.ROOT);
            case "capitalize" -> _ -> capitalize(text);
            case "title" -> _ -> title(text);
            case "replace" -> arguments -> replace(text, Values.string(arguments.require(0, "old")),
                    Values.string(arguments.require(1, "new")), arguments.whole(2, "count", -1));
            case "split" -> arguments ->
                split(text, arguments.text(0, "sep", null), arguments.whole(1, "maxsplit", -1), false);
            case "rsplit" -> arguments ->
                split(text, arguments.text(0, "sep", null), arguments.whole(1, "maxsplit", -1), true);
            case "splitlines" -> _ -> new ArrayList<Object>(text.lines().toList());
            case "join" -> arguments -> join(Values.elements(arguments.require(0, "iterable")), text);
            case "find" -> arguments -> found(text, text.indexOf(Values.string(arguments.require(0, "sub"))));
            case "rfind" -> arguments -> found(text, text.lastIndexOf(Values.string(arguments.require(0, "sub"))));
            case "count" -> arguments -> count(text, Values.string(arguments.require(0, "sub")));
            case "isdigit" -> _ -> all(text, Character::isDigit);
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

    private static Callable ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> _ -> items(map);
            case "keys" -> _ -> new ArrayList<Object>(map.keySet());
            case "values" -> _ -> new ArrayList<Object>(map.values());
            case "get" -> arguments -> {
                Object key = arguments.require(0, "key");
                return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
            };
            default -> null;
        };
    }

    private static Callable ofList(List<?> list, String name) {
        return switch (name) {
            case "index" -> arguments -> {
                for (int i = 0; i < list.size(); i++) {
                    if (Values.equal(list.get(i), arguments.require(0, "value"))) {
                        return (long) i;
                    }
                }
                throw new JinjaException("the template asks for the index of a value that a list does not have");
            };
            case "count" -> arguments ->
                list.stream().filter(each -> Values.equal(each, arguments.require(0, "value"))).count();
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

    /// @param characters null: white space
    static String strip(String text, String characters, boolean left, boolean right) {
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

    /// Python's `str.isspace`.
    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static boolean affix(String text, Object affixes, boolean prefix) {
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
        return text.substring(0, first).toUpperCase(Locale.ROOT) + text.substring(first).toLowerCase(Locale.ROOT);
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
            int next = text.indexOf(old, at);
            if (next < 0 || old.isEmpty()) {
                break;
            }
            out.append(text, at, next).append(with);
            at = next + old.length();
        }
        return out.append(text, at, text.length()).toString();
    }

    private static List<Object> split(String text, String separator, int most, boolean fromRight) {
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
            throw new JinjaException("the template uses rsplit at white space with a limit, which is not supported");
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

    static String join(List<Object> elements, String separator) {
        Budget.requireLength((double) separator.length() * elements.size());
        var out = new StringBuilder();
        for (int i = 0; i < elements.size(); i++) {
            Budget.requireLength(out.length());
            out.append(i == 0 ? "" : separator).append(Values.text(elements.get(i)));
        }
        return out.toString();
    }

    private static long found(String text, int at) {
        return at < 0 ? -1 : text.codePointCount(0, at);
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
