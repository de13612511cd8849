package dev.flover.engine.tokenizer.pattern;

import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The named Unicode classes that the patterns of published tokenizers use, with the meaning they have in Oniguruma.
public final class CodePointRules {
    private static final Map<String, Integer> CATEGORIES = Map.ofEntries(
            Map.entry("lu", 1 << Character.UPPERCASE_LETTER),
            Map.entry("ll", 1 << Character.LOWERCASE_LETTER),
            Map.entry("lt", 1 << Character.TITLECASE_LETTER),
            Map.entry("lm", 1 << Character.MODIFIER_LETTER),
            Map.entry("lo", 1 << Character.OTHER_LETTER),
            Map.entry("mn", 1 << Character.NON_SPACING_MARK),
            Map.entry("mc", 1 << Character.COMBINING_SPACING_MARK),
            Map.entry("me", 1 << Character.ENCLOSING_MARK),
            Map.entry("nd", 1 << Character.DECIMAL_DIGIT_NUMBER),
            Map.entry("nl", 1 << Character.LETTER_NUMBER),
            Map.entry("no", 1 << Character.OTHER_NUMBER),
            Map.entry("pc", 1 << Character.CONNECTOR_PUNCTUATION),
            Map.entry("pd", 1 << Character.DASH_PUNCTUATION),
            Map.entry("ps", 1 << Character.START_PUNCTUATION),
            Map.entry("pe", 1 << Character.END_PUNCTUATION),
            Map.entry("pi", 1 << Character.INITIAL_QUOTE_PUNCTUATION),
            Map.entry("pf", 1 << Character.FINAL_QUOTE_PUNCTUATION),
            Map.entry("po", 1 << Character.OTHER_PUNCTUATION),
            Map.entry("sm", 1 << Character.MATH_SYMBOL),
            Map.entry("sc", 1 << Character.CURRENCY_SYMBOL),
            Map.entry("sk", 1 << Character.MODIFIER_SYMBOL),
            Map.entry("so", 1 << Character.OTHER_SYMBOL),
            Map.entry("zs", 1 << Character.SPACE_SEPARATOR),
            Map.entry("zl", 1 << Character.LINE_SEPARATOR),
            Map.entry("zp", 1 << Character.PARAGRAPH_SEPARATOR),
            Map.entry("cc", 1 << Character.CONTROL),
            Map.entry("cf", 1 << Character.FORMAT),
            Map.entry("co", 1 << Character.PRIVATE_USE),
            Map.entry("cs", 1 << Character.SURROGATE),
            Map.entry("cn", 1 << Character.UNASSIGNED));

    public static final IntPredicate WHITE_SPACE = CodePointRules::isWhiteSpace;
    static final IntPredicate DIGIT = category("nd");
    public static final IntPredicate WORD =
            category("l").or(category("m")).or(category("nd")).or(category("pc"));

    private CodePointRules() {}

    /// The class with a name: a general category (`L`, `Lu`), a script (`Han`), or `Space`, `Digit`, `Word`, `Alnum`,
    /// `Punct` and their like; null if there is none.
    static @Nullable IntPredicate property(String name) {
        String lower = name.toLowerCase(Locale.ROOT).replace("_", "");
        if (types(lower) != 0) {
            return category(lower);
        }
        return switch (lower) {
            case "space", "whitespace" -> WHITE_SPACE;
            case "digit" -> DIGIT;
            case "word" -> WORD;
            case "alpha", "alphabetic", "letter" -> Character::isAlphabetic;
            case "alnum" -> DIGIT.or(Character::isAlphabetic);
            case "punct", "punctuation" -> category("p");
            case "upper", "uppercase" -> Character::isUpperCase;
            case "lower", "lowercase" -> Character::isLowerCase;
            default -> script(name);
        };
    }

    private static IntPredicate category(String name) {
        int types = types(name);
        return c -> (types >> Character.getType(c) & 1) != 0;
    }

    /// One bit for each general category with this name or this initial letter; 0 if there is none.
    private static int types(String name) {
        int types = 0;
        for (var category : CATEGORIES.entrySet()) {
            if (category.getKey().equals(name) || category.getKey().substring(0, 1).equals(name)) {
                types |= category.getValue();
            }
        }
        return types;
    }

    private static @Nullable IntPredicate script(String name) {
        try {
            var script = Character.UnicodeScript.forName(name);
            return c -> Character.UnicodeScript.of(c) == script;
        } catch (IllegalArgumentException noSuchScript) {
            return null;
        }
    }

    /// Unicode's property White_Space.
    private static boolean isWhiteSpace(int c) {
        return c >= '\t' && c <= '\r' || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A
                || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    /// The case folding of a character, by Unicode's simple folding: U+017F folds to `s`, U+212A to `k`.
    static int fold(int codePoint) {
        return Character.toLowerCase(Character.toUpperCase(codePoint));
    }
}
