package dev.flover.engine.tokenizer;

import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The pre-tokenizers that GGUF files name in `tokenizer.ggml.pre`, as patterns.
///
/// A GGUF file names only the model family whose pre-tokenizer applies; this table has its patterns. Names and groups
/// are those of llama.cpp; the patterns are from the `tokenizer.json` of the models.
final class PreTokenizerCatalog {
    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String SYMBOLS = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
    private static final String WORDS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String CASED = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+" + CONTRACTIONS
            + "?|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*" + CONTRACTIONS + "?";

    private static final String GPT_2 = ByteLevelSplit.WORDS;
    private static final String LLAMA_3 = CONTRACTIONS + "|" + WORDS + "|\\p{N}{1,3}" + SYMBOLS + SPACES;
    private static final String QWEN_2 = CONTRACTIONS + "|" + WORDS + "|\\p{N}" + SYMBOLS + SPACES;
    private static final String QWEN_35 = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" + SPACES;
    private static final String GPT_4O =
            CASED + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;
    private static final String TEKKEN = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+"
            + "|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*"
            + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;
    private static final String KIMI_K2 = "[\\p{Han}]+|" + CASED
            .replace("\\p{Lo}\\p{M}]", "\\p{Lo}\\p{M}&&[^\\p{Han}]]")
            + "|\\p{N}{1,3}" + SYMBOLS + SPACES;
    private static final String DEEPSEEK_WORDS =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+";
    private static final String DEEPSEEK_3 =
            DEEPSEEK_WORDS + "| ?[\\p{P}\\p{S}]+[\\r\\n]*" + SPACES;
    private static final String KANA_AND_HAN = "[\\u4E00-\\u9FA5\\u3040-\\u309F\\u30A0-\\u30FF]+";
    private static final String EAST_ASIAN = "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+";
    /// The letters with upper and lower case, as DeepSeek's `tokenizer.json` lists them.
    private static final String CASED_LETTERS = "["
            + "A-Za-z\\u00B5\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u01BA\\u01BC-\\u01BF\\u01C4-\\u0293"
            + "\\u0295-\\u02AF\\u0370-\\u0373\\u0376\\u0377\\u037B-\\u037D\\u037F\\u0386\\u0388-\\u038A"
            + "\\u038C\\u038E-\\u03A1\\u03A3-\\u03F5\\u03F7-\\u0481\\u048A-\\u052F\\u0531-\\u0556"
            + "\\u10A0-\\u10C5\\u13A0-\\u13F5\\u13F8-\\u13FD\\u1C90-\\u1CBA\\u1CBD-\\u1CBF\\u1D00-\\u1D2B"
            + "\\u1D6B-\\u1D77\\u1D79-\\u1D9A\\u1E00-\\u1F15\\u1F18-\\u1F1D\\u1F20-\\u1F45\\u1F48-\\u1F4D"
            + "\\u1F50-\\u1F57\\u1F59\\u1F5B\\u1F5D\\u1F5F-\\u1F7D\\u1F80-\\u1FB4\\u1FB6-\\u1FBC\\u1FBE"
            + "\\u1FC2-\\u1FC4\\u1FC6-\\u1FCC\\u1FD0-\\u1FD3\\u1FD6-\\u1FDB\\u1FE0-\\u1FEC\\u1FF2-\\u1FF4"
            + "\\u1FF6-\\u1FFC\\u2102\\u2107\\u210A-\\u2113\\u2115\\u2119-\\u211D\\u2124\\u2126\\u2128"
            + "\\u212A-\\u212D\\u212F-\\u2134\\u2139\\u213C-\\u213F\\u2145-\\u2149\\u214E\\u2183\\u2184"
            + "\\u2C00-\\u2C7B\\u2C7E-\\u2CE4\\u2CEB-\\u2CEE\\u2CF2\\u2CF3\\uA640-\\uA66D\\uA680-\\uA69B"
            + "\\uA722-\\uA76F\\uA771-\\uA787\\uA78B-\\uA78E\\uAB70-\\uABBF\\uFB00-\\uFB06\\uFB13-\\uFB17"
            + "\\uFF21-\\uFF3A\\uFF41-\\uFF5A\\x{10400}-\\x{1044F}\\x{104B0}-\\x{104D3}"
            + "\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}\\x{118A0}-\\x{118DF}"
            + "\\x{1E900}-\\x{1E943}]";
    private static final String BLOOM = " ?[^(\\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";
    private static final String ONE_DIGIT = "\\p{N}";
    private static final String LINES = "[^\\n]+|[\\n]+";

    /// How a family splits its text.
    ///
    /// @param patterns       each pattern splits the pieces of the one before, at its matches
    /// @param ignoresMerges  whether a piece with the spelling of a token becomes this token without merging
    /// @param beginsText     whether a prompt begins with the begin-of-text token if the file does not say so
    /// @param bytes          whether the vocabulary is byte-level; otherwise it spells text with U+2581 for spaces
    record Recipe(List<String> patterns, boolean ignoresMerges, boolean beginsText, boolean bytes) {
        static Recipe of(String... patterns) {
            return new Recipe(List.of(patterns), false, false, true);
        }

        Recipe ignoringMerges() {
            return new Recipe(patterns, true, beginsText, bytes);
        }

        Recipe beginningText() {
            return new Recipe(patterns, ignoresMerges, true, bytes);
        }

        Recipe withoutBytes() {
            return new Recipe(patterns, ignoresMerges, beginsText, false);
        }

        PreTokenizer build() {
            var stages = new ArrayList<PreTokenizer>();
            patterns.forEach(pattern -> stages.add(PatternSplit.isolating(pattern)));
            if (bytes) {
                stages.add(new ByteLevelSplit(false, false));
            }
            return new PreTokenizer.Sequence(stages);
        }
    }

    private static final Map<String, Recipe> BY_NAME = Map.ofEntries(
            family(Recipe.of("[\\p{P}\\$\\+<=>\\^~\\|]+", GPT_2, "\\p{N}+", "[0-9][0-9][0-9]"), "default"),
            family(Recipe.of(GPT_2),
                    "gpt-2 phi-2 jina-es jina-de jina-v2-es jina-v2-de gigachat a.x-4.0 mellum modern-bert mpt olmo"
                            + " jais trillion granite-docling exaone4 jina-v1-en jina-v2-code roberta-bpe"),
            family(Recipe.of(LLAMA_3).ignoringMerges().beginningText(),
                    "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano"),
            family(Recipe.of(LLAMA_3), "dbrx smaug-bpe glm4 chatglm-bpe"),
            family(Recipe.of(QWEN_2),
                    "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2"),
            family(Recipe.of(QWEN_35), "qwen35"),
            family(Recipe.of(GPT_4O), "gpt-4o llama4 kanana2 talkie minimax-m2"),
            family(Recipe.of(TEKKEN).ignoringMerges().beginningText(), "tekken"),
            family(Recipe.of(KIMI_K2), "kimi-k2"),
            family(Recipe.of(ONE_DIGIT, GPT_2),
                    "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2"),
            family(Recipe.of("[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT_2, "[0-9][0-9][0-9]"), "falcon"),
            family(Recipe.of("[\\r\\n]", "\\s?" + CASED_LETTERS + "+",
                    "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]+", "\\s+$", EAST_ASIAN,
                    "\\p{N}+"), "deepseek-llm"),
            family(Recipe.of("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", EAST_ASIAN, ONE_DIGIT), "deepseek-coder"),
            family(Recipe.of("\\p{N}{1,3}", KANA_AND_HAN, DEEPSEEK_3), "deepseek-v3 hunyuan-dense joyai-llm hy_v4"),
            family(Recipe.of("[\\uAC00-\\uD7A3\\u3131-\\u318E]+"
                            + "|[\\uFF01\\u2026\\u201C\\u201D\\u2018\\u2019\\u2014\\uFF1A\\uFF1B\\uFF0C"
                            + "\\u3001-\\u303F\\uFE30-\\uFE4F]+"
                            + "|[\\u3105-\\u312F]+|" + KANA_AND_HAN,
                    CASED + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES).ignoringMerges(), "youtu"),
            family(Recipe.of(BLOOM), "bloom poro-chat gpt3-finnish"),
            family(Recipe.of(BLOOM, ONE_DIGIT), "viking"),
            family(Recipe.of("\\p{N}+", "(?=(\\d{3})+(?!\\d))"), "superbpe"),
            family(Recipe.of("'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"),
                    "bailingmoe bailingmoe2 llada-moe"),
            family(Recipe.of(CONTRACTIONS + "|" + WORDS + "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+" + SPACES),
                    "seed-coder"),
            family(Recipe.of(CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"), "exaone-moe"),
            family(Recipe.of("\\d{1,3}(?=(?:\\d{3})*\\b)", GPT_4O), "tiny_aya cohere2moe"),
            family(Recipe.of("<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )",
                    ONE_DIGIT, "[\\p{P}!-/:-@\\[-`{-~]", GPT_2).beginningText(), "chameleon"),
            family(Recipe.of("\\p{N}{1,3}", CONTRACTIONS + "|" + WORDS + "|\\p{N}+" + SYMBOLS + SPACES)
                    .ignoringMerges(), "minicpm5"),
            family(Recipe.of(WORDS + "|\\p{N}" + SYMBOLS + SPACES), "ufakzeka"),
            family(Recipe.of(LINES, QWEN_2), "laguna"),
            family(Recipe.of(LINES).beginningText().withoutBytes(), "gemma4"),
            family(Recipe.of(LINES).withoutBytes(), "sarvam-moe"))
            .entrySet().stream()
            .flatMap(family -> Stream.of(family.getKey().split(" ")).map(name -> Map.entry(name, family.getValue())))
            .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

    private PreTokenizerCatalog() {}

    private static Map.Entry<String, Recipe> family(Recipe recipe, String names) {
        return Map.entry(names, recipe);
    }

    /// @throws IllegalArgumentException if the table has no pre-tokenizer of this name
    static Recipe find(String name) {
        var recipe = BY_NAME.get(name);
        if (recipe == null) {
            throw new IllegalArgumentException("the pre-tokenizer " + Vocabulary.quoted(name)
                    + " is not known; known are " + String.join(", ", names()));
        }
        return recipe;
    }

    static TreeSet<String> names() {
        return new TreeSet<>(BY_NAME.keySet());
    }
}
