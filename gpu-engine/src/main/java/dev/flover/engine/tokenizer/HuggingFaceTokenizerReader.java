package dev.flover.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.format.ModelFileException;
import dev.flover.engine.tokenizer.subword.BytePairModels;
import dev.flover.engine.tokenizer.subword.Fallback;
import dev.flover.engine.tokenizer.subword.SubwordModel;
import dev.flover.engine.tokenizer.subword.TokenKind;
import dev.flover.engine.tokenizer.subword.TokenTrie;
import dev.flover.engine.tokenizer.subword.UnigramModel;
import dev.flover.engine.tokenizer.subword.Vocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/// Builds a tokenizer from the files `tokenizer.json` and `tokenizer_config.json` of a Hugging Face folder.
final class HuggingFaceTokenizerReader {
    private static final List<String> NAMED = List.of(
            "bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token");
    /// The beginnings of the tokenizer classes that take `add_prefix_space` from `tokenizer_config.json`.
    private static final List<String> PREFIXING = List.of("GPT2", "CodeGen", "Qwen2", "Cohere", "GPTNeoX");

    private final Path file;
    private final TokenizerJson json;
    private final JsonNode config;
    private final HuggingFaceStages.Decoding decoding;
    private final Vocabulary vocabulary;
    private final Map<Integer, JsonNode> addedById = new HashMap<>();

    private HuggingFaceTokenizerReader(Path file, TokenizerJson json, JsonNode config) {
        this.file = file;
        this.json = json;
        this.config = config;
        this.decoding = new HuggingFaceStages(file).decoding(json.root().get("decoder"));
        this.vocabulary = vocabulary();
    }

    static Tokenizer read(Path file, Path config) {
        return new HuggingFaceTokenizerReader(file, TokenizerJson.read(file), TokenizerJson.readSmall(config)).build();
    }

    private Tokenizer build() {
        var stages = new HuggingFaceStages(file);
        var normalizer = stages.normalizer(json.root().get("normalizer"));
        return new SubwordTokenizer(
                new SubwordTokenizer.Stages(
                        added(false, text -> text),
                        normalizer,
                        added(true, normalizer),
                        stages.preTokenizer(preTokenizer()),
                        model()),
                TokenTable.meaning(vocabulary, decoding.spelling(), decoding.stripsLeadingSpace()),
                frame());
    }

    private Vocabulary vocabulary() {
        int largest = -1;
        for (var token : json.tokens()) {
            largest = Math.max(largest, token.id());
        }
        for (var added : json.root().path("added_tokens")) {
            int id = added.path("id").asInt(-1);
            if (id < 0 || addedById.put(id, added) != null || added.path("content").asText("").isEmpty()) {
                throw new ModelFileException(
                        file, "has an added token without an id or content of its own: " + added);
            }
            largest = Math.max(largest, id);
        }
        largest = Math.max(largest, addFromConfig());
        addNamed();
        if (largest >= Vocabulary.MAX_TOKENS) {
            throw new ModelFileException(file, "has the token id " + largest + "; at most "
                    + (Vocabulary.MAX_TOKENS - 1)
                    + " is possible");
        }
        var read = new Vocabulary(file, largest + 1);
        for (var token : json.tokens()) {
            read.set(token.id(), token.spelling(), kind(token.spelling()));
        }
        addedById.forEach((id, added) -> read.set(id, added.path("content").asText(),
                added.path("special").asBoolean() ? TokenKind.CONTROL : TokenKind.USER_DEFINED));
        return read;
    }

    /// Adds the tokens that only `tokenizer_config.json` has, with the ids of its `added_tokens_decoder`.
    ///
    /// @return the largest id; -1 if there is none
    private int addFromConfig() {
        var known = new HashSet<String>();
        json.tokens().forEach(token -> known.add(token.spelling()));
        addedById.values().forEach(token -> known.add(token.path("content").asText()));
        int largest = -1;
        for (var entry : config.path("added_tokens_decoder").properties()) {
            String text = entry.getValue().path("content").asText("");
            if (!(entry.getValue() instanceof ObjectNode token) || text.isEmpty() || !known.add(text)) {
                continue;
            }
            int id = entry.getKey().matches("[0-9]{1,9}") ? Integer.parseInt(entry.getKey()) : -1;
            if (id < 0 || addedById.put(id, token.deepCopy().put("id", id)) != null) {
                throw new ModelFileException(file.resolveSibling("tokenizer_config.json"), "adds the token "
                        + Vocabulary.quoted(text) + " with the id " + entry.getKey()
                        + "; expected an id that no other token has");
            }
            largest = Math.max(largest, id);
        }
        return largest;
    }

    /// Adds the tokens that `tokenizer_config.json` names, such as the begin and the end of a text. They are markup,
    /// even if `tokenizer.json` lists them among the ordinary words.
    private void addNamed() {
        var named = new HashSet<String>();
        NAMED.forEach(name -> named.add(spelled(config.path(name))));
        config.path("additional_special_tokens").forEach(token -> named.add(spelled(token)));
        config.path("extra_special_tokens").forEach(token -> named.add(spelled(token)));
        named.remove("");
        for (var token : json.tokens()) {
            if (named.contains(token.spelling()) && !addedById.containsKey(token.id())) {
                addedById.put(token.id(), JsonNodeFactory.instance.objectNode()
                        .put("id", token.id()).put("content", token.spelling()).put("special", true));
            }
        }
    }

    private static String spelled(JsonNode token) {
        return token.isTextual() ? token.textValue() : token.path("content").asText("");
    }

    /// The pre-tokenizer of `tokenizer.json`. In some classes of tokenizers, `tokenizer_config.json` decides whether it
    /// puts a space before a text.
    private JsonNode preTokenizer() {
        var node = json.root().get("pre_tokenizer");
        String type = config.path("tokenizer_class").asText("");
        boolean changes = config.path("add_prefix_space").isBoolean() && PREFIXING.stream().anyMatch(type::startsWith);
        return changes && node instanceof ObjectNode stage && stage.path("type").asText("").equals("ByteLevel")
                ? stage.deepCopy().put("add_prefix_space", config.path("add_prefix_space").booleanValue()) : node;
    }

    private TokenKind kind(String spelling) {
        return decoding.byteFallback() && Vocabulary.byteNamed(spelling) >= 0 ? TokenKind.BYTE : TokenKind.NORMAL;
    }

    private AddedTokens added(boolean normalized, TextNormalizer spelling) {
        var tokens = new ArrayList<AddedTokens.AddedToken>();
        addedById.forEach((id, added) -> {
            String text = spelling.normalize(added.path("content").asText());
            boolean special = added.path("special").asBoolean();
            if (added.path("normalized").asBoolean(!special) == normalized && !text.isEmpty()) {
                tokens.add(new AddedTokens.AddedToken(id, text, special, added.path("lstrip").asBoolean(),
                        added.path("rstrip").asBoolean(), added.path("single_word").asBoolean()));
            }
        });
        return new AddedTokens(tokens);
    }

    private SubwordModel model() {
        String type = json.model().path("type").asText(json.merges().isEmpty() ? "Unigram" : "BPE");
        return switch (type) {
            case "BPE" -> bytePairs();
            case "Unigram" -> unigram();
            default -> throw new ModelFileException(file, "has a tokenizer model of the type " + Vocabulary.quoted(type)
                    + "; supported are BPE and Unigram");
        };
    }

    private SubwordModel bytePairs() {
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (!json.model().path(affix).asText("").isEmpty() && !json.model().path(affix).isNull()) {
                throw new ModelFileException(file, "has a BPE model with a " + affix + ", which is not supported");
            }
        }
        if (json.model().path("dropout").asDouble(0) != 0) {
            throw new ModelFileException(file, "has a BPE model with dropout, whose tokens are not fixed");
        }
        String unknown = json.model().path("unk_token").asText("");
        boolean named = json.model().path("unk_token").isTextual() && !unknown.isEmpty();
        var fallback = new Fallback(
                json.model().path("byte_fallback").asBoolean() ? vocabulary.byteTokens() : null,
                named ? known("unk_token", unknown) : -1,
                json.model().path("fuse_unk").asBoolean());
        var wholePieces = new HashMap<String, Integer>();
        if (json.model().path("ignore_merges").asBoolean()) {
            json.tokens().stream()
                    .filter(token -> vocabulary.kind(token.id()).isSpelled())
                    .forEach(token -> wholePieces.put(token.spelling(), token.id()));
        }
        return BytePairModels.ofMerges(file, vocabulary, json.merges(), fallback, wholePieces);
    }

    private SubwordModel unigram() {
        float[] scores = new float[vocabulary.size()];
        var trie = new TokenTrie();
        double worst = 0;
        int unknown = json.model().path("unk_id").asInt(-1);
        if (unknown < -1 || unknown >= vocabulary.size()) {
            throw new ModelFileException(file, "has the unknown token " + unknown
                    + "; its vocabulary has ids from 0 to "
                    + (vocabulary.size() - 1));
        }
        for (var token : json.tokens()) {
            if (!Double.isFinite(token.score()) || !Float.isFinite((float) token.score())) {
                throw new ModelFileException(file, "gives token " + token.id() + " a score that is not finite");
            }
            scores[token.id()] = (float) token.score();
            worst = Math.min(worst, token.score());
            if (vocabulary.kind(token.id()).isSpelled() && token.id() != unknown && !token.spelling().isEmpty()) {
                trie.add(token.spelling(), token.id());
            }
        }
        int[] bytes = json.model().path("byte_fallback").asBoolean() ? vocabulary.byteTokens() : null;
        return new UnigramModel(trie, scores, worst, new Fallback(bytes, unknown, true));
    }

    private int known(String what, String spelling) {
        int id = vocabulary.id(spelling);
        if (id < 0) {
            throw new ModelFileException(
                    file, "names " + Vocabulary.quoted(spelling) + " as " + what + ", which is not in its vocabulary");
        }
        return id;
    }

    /// The tokens that the post-processor puts around a text.
    ///
    /// `add_bos_token` and `add_eos_token` of `tokenizer_config.json` have no effect beside a `tokenizer.json`, as in
    /// transformers 5, which also ignores the post-processor of GPT-NeoX tokenizers.
    private SubwordTokenizer.Frame frame() {
        var before = new ArrayList<Integer>();
        var after = new ArrayList<Integer>();
        if (!config.path("tokenizer_class").asText("").startsWith("GPTNeoX")) {
            readPostProcessor(json.root().path("post_processor"), before, after);
        }
        return new SubwordTokenizer.Frame(
                before.stream().mapToInt(id -> id).toArray(), after.stream().mapToInt(id -> id).toArray());
    }

    private void readPostProcessor(JsonNode node, List<Integer> before, List<Integer> after) {
        switch (node.path("type").asText("none")) {
            case "none", "ByteLevel" -> { }
            case "Sequence" -> node.path("processors").forEach(part -> readPostProcessor(part, before, after));
            case "TemplateProcessing" -> readTemplate(node, before, after);
            default -> throw new ModelFileException(file, "uses the post_processor "
                    + Vocabulary.quoted(node.path("type").asText()) + ", which is not supported");
        }
    }

    private void readTemplate(JsonNode node, List<Integer> before, List<Integer> after) {
        boolean text = false;
        for (var part : node.path("single")) {
            if (part.has("Sequence")) {
                text = true;
                continue;
            }
            String name = part.path("SpecialToken").path("id").asText("");
            for (var id : node.path("special_tokens").path(name).path("ids")) {
                if (!id.isInt() || id.intValue() < 0 || id.intValue() >= vocabulary.size()) {
                    throw new ModelFileException(file,
                            "adds a token to every prompt that is not in its vocabulary: " + part);
                }
                (text ? after : before).add(id.intValue());
            }
        }
    }
}
