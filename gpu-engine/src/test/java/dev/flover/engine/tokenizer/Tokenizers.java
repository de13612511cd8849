package dev.flover.engine.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flover.engine.TestData;
import dev.flover.engine.format.GgufFile;
import dev.flover.engine.loading.GgufWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Tokenizers for tests: published ones from the reference data, and small ones that are built in memory.
final class Tokenizers {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private Tokenizers() {}

    static Tokenizer published(String name) {
        return open(TestData.of(name));
    }

    static Tokenizer open(Path gguf) {
        try (var arena = Arena.ofConfined()) {
            return TokenizerLoader.fromGguf(GgufFile.open(gguf, arena));
        }
    }

    /// A vocabulary of SentencePiece's kind: `<unk>`, `<s>`, `</s>`, a token for each byte, then the given pieces.
    static GgufWriter sentencePiece(List<String> pieces) {
        var tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        IntStream.range(0, 256).forEach(b -> tokens.add("<0x%02X>".formatted(b)));
        tokens.addAll(pieces);
        int[] kinds = new int[tokens.size()];
        float[] scores = new float[tokens.size()];
        for (int id = 0; id < kinds.length; id++) {
            kinds[id] = id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1;
            scores[id] = id < 259 ? 0 : 258 - id;
        }
        return new GgufWriter()
                .put("tokenizer.ggml.model", "llama")
                .put("tokenizer.ggml.tokens", List.copyOf(tokens))
                .put("tokenizer.ggml.token_type", kinds)
                .put("tokenizer.ggml.scores", scores)
                .put("tokenizer.ggml.bos_token_id", 1)
                .put("tokenizer.ggml.eos_token_id", 2);
    }

    /// A vocabulary of GPT-2's kind: all 256 bytes, the results of the merges, then `<|end|>` as markup.
    static GgufWriter bytePairs(String pre, List<String> merges) {
        var tokens = new ArrayList<String>();
        for (int b = 0; b < 256; b++) {
            tokens.add(byteSpelling(b));
        }
        merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
        tokens.add("<|end|>");
        int[] kinds = new int[tokens.size()];
        Arrays.fill(kinds, 1);
        kinds[kinds.length - 1] = 3;
        return new GgufWriter()
                .put("tokenizer.ggml.model", "gpt2")
                .put("tokenizer.ggml.pre", pre)
                .put("tokenizer.ggml.tokens", List.copyOf(tokens))
                .put("tokenizer.ggml.token_type", kinds)
                .put("tokenizer.ggml.merges", merges)
                .put("tokenizer.ggml.bos_token_id", kinds.length - 1)
                .put("tokenizer.ggml.eos_token_id", kinds.length - 1);
    }

    static String byteSpelling(int b) {
        boolean printable = b > 32 && b < 127 || b > 160 && b < 173 || b > 173;
        long before = IntStream.range(0, b).filter(x -> !(x > 32 && x < 127 || x > 160 && x < 173 || x > 173)).count();
        return Character.toString(printable ? b : (int) (256 + before));
    }

    /// A `tokenizer.json` with all bytes, some merges and a decoder.
    static ObjectNode byteLevelJson(List<String> merges) {
        var vocabulary = JSON.objectNode();
        for (int b = 0; b < 256; b++) {
            vocabulary.put(byteSpelling(b), b);
        }
        merges.forEach(merge -> vocabulary.put(merge.replace(" ", ""), vocabulary.size()));
        var listed = JSON.arrayNode();
        merges.forEach(listed::add);
        var json = json(JSON.objectNode().put("type", "BPE"), vocabulary.size());
        json.set("pre_tokenizer", JSON.objectNode().put("type", "ByteLevel").put("add_prefix_space", false));
        json.set("decoder", JSON.objectNode().put("type", "ByteLevel"));
        ((ObjectNode) json.get("model")).set("vocab", vocabulary);
        ((ObjectNode) json.get("model")).set("merges", listed);
        return json;
    }

    /// A `tokenizer.json` of a unigram model; token 0 is the unknown token.
    static ObjectNode unigramJson(List<String> pieces, double[] scores) {
        var vocabulary = JSON.arrayNode().add(JSON.arrayNode().add("<unk>").add(0.0));
        for (int i = 0; i < pieces.size(); i++) {
            vocabulary.add(JSON.arrayNode().add(pieces.get(i)).add(scores[i]));
        }
        var json = json(JSON.objectNode().put("type", "Unigram").put("unk_id", 0), vocabulary.size());
        json.set("pre_tokenizer", JSON.objectNode().put("type", "Metaspace").put("prepend_scheme", "always"));
        json.set("decoder", JSON.objectNode().put("type", "Metaspace").put("prepend_scheme", "always"));
        ((ObjectNode) json.get("model")).set("vocab", vocabulary);
        return json;
    }

    private static ObjectNode json(ObjectNode model, int markup) {
        var json = JSON.objectNode();
        ArrayNode added = json.putArray("added_tokens");
        added.addObject().put("id", markup).put("content", "<|end|>").put("special", true);
        json.set("model", model);
        return json;
    }

    static Tokenizer open(Path folder, ObjectNode json) {
        try {
            Files.writeString(folder.resolve("tokenizer.json"), json.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return TokenizerLoader.fromHuggingFace(folder);
    }
}
