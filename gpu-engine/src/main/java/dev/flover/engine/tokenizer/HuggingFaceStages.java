package dev.flover.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.tokenizer.pattern.CodePointRules;
import dev.flover.engine.tokenizer.pattern.SplitPattern;
import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Converts the components of a `tokenizer.json` to stages of a [SubwordTokenizer].
///
/// | component | supported types; all others are refused by name |
/// |---|---|
/// | normalizer | NFC NFD NFKC NFKD Prepend Replace Lowercase Strip StripAccents Precompiled ByteLevel Sequence |
/// | pre_tokenizer | ByteLevel Split Metaspace Digits Punctuation Whitespace(Split) CharDelimiterSplit Sequence |
/// | decoder | ByteLevel Metaspace ByteFallback Fuse Replace (a mark by a space) Strip (one leading space) Sequence |
final class HuggingFaceStages {
    private static final String PUNCTUATION = "[\\p{P}!-/:-@\\[-`{-~]";
    private static final char MARK = '\u2581';

    private final Path file;

    HuggingFaceStages(Path file) {
        this.file = file;
    }

    /// How tokens of a vocabulary are decoded to bytes.
    record Decoding(TokenTable.Spelling spelling, boolean byteFallback, boolean stripsLeadingSpace) {}

    TextNormalizer normalizer(JsonNode node) {
        if (absent(node)) {
            return text -> text;
        }
        return switch (type(node)) {
            case "Sequence" -> TextNormalizer.inOrder(
                    elements(node, "normalizers").stream().map(this::normalizer).toList());
            case "NFC" -> unicode(Normalizer.Form.NFC);
            case "NFD" -> unicode(Normalizer.Form.NFD);
            case "NFKC" -> unicode(Normalizer.Form.NFKC);
            case "NFKD" -> unicode(Normalizer.Form.NFKD);
            case "Lowercase" -> HuggingFaceStages::lowered;
            case "StripAccents" -> replacing(compile("\\p{M}"), "");
            case "Prepend" -> {
                String prefix = text(node, "prepend");
                yield text -> text.isEmpty() ? text : prefix + text;
            }
            case "Replace" -> replacing(pattern(node), text(node, "content"));
            case "Strip" -> stripping(flag(node, "strip_left", true), flag(node, "strip_right", true));
            case "Precompiled" -> characterMap(text(node, "precompiled_charsmap"));
            case "ByteLevel" -> ByteAlphabet::spell;
            default -> throw refused("normalizer", type(node));
        };
    }

    /// Lower case character by character, so that a sigma at the end of a word becomes the same letter as elsewhere.
    private static String lowered(String text) {
        var lowered = new StringBuilder(text.length());
        text.codePoints().forEach(c -> lowered.append(Character.toString(c).toLowerCase(Locale.ROOT)));
        return lowered.toString();
    }

    private static TextNormalizer unicode(Normalizer.Form form) {
        return text -> Normalizer.normalize(text, form);
    }

    private static TextNormalizer replacing(SplitPattern pattern, String content) {
        return text -> {
            var matcher = pattern.matcher(text);
            var out = new StringBuilder(text.length());
            int at = 0;
            while (at < text.length() && matcher.find(at) && matcher.end() > matcher.start()) {
                out.append(text, at, matcher.start()).append(content);
                at = matcher.end();
            }
            return out.append(text, at, text.length()).toString();
        };
    }

    private static TextNormalizer stripping(boolean left, boolean right) {
        return text -> {
            int start = 0;
            int end = text.length();
            while (left && start < end && CodePointRules.WHITE_SPACE.test(text.charAt(start))) {
                start++;
            }
            while (right && end > start && CodePointRules.WHITE_SPACE.test(text.charAt(end - 1))) {
                end--;
            }
            return text.substring(start, end);
        };
    }

    private TextNormalizer characterMap(String base64) {
        try {
            return new CharacterMap(Base64.getDecoder().decode(base64));
        } catch (IllegalArgumentException broken) {
            throw new ModelFileException(file, "has a precompiled normalizer that cannot be used: "
                    + broken.getMessage());
        }
    }

    PreTokenizer preTokenizer(JsonNode node) {
        if (absent(node)) {
            return new PreTokenizer.Sequence(List.of());
        }
        return switch (type(node)) {
            case "Sequence" -> new PreTokenizer.Sequence(
                    elements(node, "pretokenizers").stream().map(this::preTokenizer).toList());
            case "ByteLevel" ->
                new ByteLevelSplit(flag(node, "add_prefix_space", true), flag(node, "use_regex", true));
            case "Split" -> new PatternSplit(pattern(node), delimiter(node), flag(node, "invert", false));
            case "Metaspace" -> new MetaspaceSplit(mark(node), prepend(node), flag(node, "split", true));
            case "Digits" -> new PatternSplit(compile("\\p{N}"), flag(node, "individual_digits", false)
                    ? PatternSplit.Delimiter.ISOLATED
                    : PatternSplit.Delimiter.CONTIGUOUS, false);
            case "Punctuation" -> new PatternSplit(compile(PUNCTUATION), delimiter(node), false);
            case "Whitespace" -> new PatternSplit(compile("\\w+|[^\\w\\s]+"), PatternSplit.Delimiter.REMOVED, true);
            case "WhitespaceSplit" -> new PatternSplit(compile("\\s"), PatternSplit.Delimiter.REMOVED, false);
            case "CharDelimiterSplit" -> new PatternSplit(
                    SplitPattern.literal(text(node, "delimiter")), PatternSplit.Delimiter.REMOVED, false);
            default -> throw refused("pre_tokenizer", type(node));
        };
    }

    private PatternSplit.Delimiter delimiter(JsonNode node) {
        String name = node.path("behavior").asText("Isolated");
        return switch (name) {
            case "Removed" -> PatternSplit.Delimiter.REMOVED;
            case "Isolated" -> PatternSplit.Delimiter.ISOLATED;
            case "MergedWithPrevious" -> PatternSplit.Delimiter.MERGED_WITH_PREVIOUS;
            case "MergedWithNext" -> PatternSplit.Delimiter.MERGED_WITH_NEXT;
            case "Contiguous" -> PatternSplit.Delimiter.CONTIGUOUS;
            default -> throw refused("split behavior", name);
        };
    }

    private char mark(JsonNode node) {
        String mark = node.path("replacement").asText("" + MARK);
        if (mark.length() != 1) {
            throw new ModelFileException(file, "has a Metaspace whose replacement is " + Vocabulary.quoted(mark)
                    + "; expected one character");
        }
        return mark.charAt(0);
    }

    private MetaspaceSplit.Prepend prepend(JsonNode node) {
        if (!node.hasNonNull("prepend_scheme")) {
            return flag(node, "add_prefix_space", true) ? MetaspaceSplit.Prepend.ALWAYS : MetaspaceSplit.Prepend.NEVER;
        }
        String scheme = text(node, "prepend_scheme");
        return switch (scheme) {
            case "always" -> MetaspaceSplit.Prepend.ALWAYS;
            case "first" -> MetaspaceSplit.Prepend.FIRST;
            case "never" -> MetaspaceSplit.Prepend.NEVER;
            default -> throw refused("prepend scheme", scheme);
        };
    }

    private SplitPattern pattern(JsonNode node) {
        var pattern = node.path("pattern");
        if (pattern.path("Regex").isTextual()) {
            return compile(pattern.path("Regex").textValue());
        }
        String literal = pattern.path("String").asText("");
        if (literal.isEmpty()) {
            throw new ModelFileException(file, "has a " + type(node) + " without a pattern");
        }
        return SplitPattern.literal(literal);
    }

    private SplitPattern compile(String pattern) {
        try {
            return SplitPattern.compile(pattern);
        } catch (IllegalArgumentException refused) {
            throw new ModelFileException(file, "cannot be used: " + refused.getMessage());
        }
    }

    Decoding decoding(JsonNode node) {
        if (absent(node)) {
            throw new ModelFileException(file, "names no decoder, so its tokens cannot be turned into text");
        }
        var parts = new ArrayList<JsonNode>();
        flatten(node, parts);
        boolean bytes = false;
        boolean fallback = false;
        boolean strips = false;
        Optional<Character> mark = Optional.empty();
        for (var part : parts) {
            switch (type(part)) {
                case "ByteLevel" -> bytes = true;
                case "ByteFallback" -> fallback = true;
                case "Fuse" -> { }
                case "Metaspace" -> {
                    mark = Optional.of(mark(part));
                    strips = prepend(part) != MetaspaceSplit.Prepend.NEVER;
                }
                case "Replace" -> mark = Optional.of(replacedMark(part));
                case "Strip" -> strips = stripsOne(part);
                default -> throw refused("decoder", type(part));
            }
        }
        TokenTable.Spelling spelling = bytes
                ? new TokenTable.Spelling.Bytes()
                : new TokenTable.Spelling.Marked(mark.orElse(MARK), true);
        return new Decoding(spelling, fallback, strips);
    }

    private void flatten(JsonNode node, List<JsonNode> parts) {
        if (type(node).equals("Sequence")) {
            elements(node, "decoders").forEach(part -> flatten(part, parts));
        } else {
            parts.add(node);
        }
    }

    private char replacedMark(JsonNode node) {
        String mark = node.path("pattern").path("String").asText("");
        if (mark.length() != 1 || !text(node, "content").equals(" ")) {
            throw new ModelFileException(file, "has a decoder that replaces " + Vocabulary.quoted(mark) + " by "
                    + Vocabulary.quoted(text(node, "content")) + "; only one character by a space is supported");
        }
        return mark.charAt(0);
    }

    private boolean stripsOne(JsonNode node) {
        int start = node.path("start").asInt(0);
        if (!text(node, "content").equals(" ") || start > 1 || node.path("stop").asInt(0) != 0) {
            throw new ModelFileException(file, "has a decoder that strips more than one leading space, which is not"
                    + " supported");
        }
        return start == 1;
    }

    private static boolean absent(JsonNode node) {
        return node == null || node.isNull() || node.isMissingNode();
    }

    private String type(JsonNode node) {
        return text(node, "type");
    }

    private String text(JsonNode node, String key) {
        if (!node.path(key).isTextual()) {
            throw new ModelFileException(file, "has a component whose \"" + key + "\" should be a string and is "
                    + node.path(key));
        }
        return node.path(key).textValue();
    }

    private static boolean flag(JsonNode node, String key, boolean otherwise) {
        return node.path(key).asBoolean(otherwise);
    }

    private List<JsonNode> elements(JsonNode node, String key) {
        var elements = new ArrayList<JsonNode>();
        node.path(key).forEach(elements::add);
        return elements;
    }

    private ModelFileException refused(String what, String type) {
        return new ModelFileException(file, "uses the " + what + " " + Vocabulary.quoted(type)
                + ", which is not supported");
    }
}
