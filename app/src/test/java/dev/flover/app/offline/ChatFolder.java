package dev.flover.app.offline;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;

/// A Hugging Face folder with a tokenizer of single characters and a model whose weights are all 0: small enough to be
/// written anew in each test.
final class ChatFolder {
    static final int BEGIN = 0;
    static final int MARKUP = 2;
    private static final List<String> SPECIAL = List.of("<s>", "</s>", "<|im_end|>");
    private static final int HIDDEN = 8;
    private static final int VOCABULARY = 128;
    private static final ObjectMapper JSON = new ObjectMapper();

    private ChatFolder() {}

    /// The id of an ASCII character.
    static int id(char character) {
        return SPECIAL.size() + character - '!';
    }

    /// Writes the folder. Texts begin with the token [#BEGIN].
    ///
    /// @param more keys of `tokenizer_config.json`, as JSON, each followed by a comma
    static void write(Path folder, String template, String more) throws IOException {
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "llama", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
                 "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 64,
                 "rms_norm_eps": 1e-5, "vocab_size": 128, "tie_word_embeddings": true, "eos_token_id": 1}""");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{" + more + "\"bos_token\": \"<s>\", "
                + "\"eos_token\": \"<|im_end|>\", \"chat_template\": " + JSON.writeValueAsString(template) + "}");
        JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer());
        Files.write(folder.resolve("model.safetensors"), weights());
    }

    private static ObjectNode tokenizer() throws IOException {
        var tokenizer = (ObjectNode) JSON.readTree("""
                {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
                 "decoder": {"type": "ByteLevel"},
                 "post_processor": {"type": "TemplateProcessing",
                  "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                  "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}},
                 "model": {"type": "BPE", "vocab": {}, "merges": []}}""");
        var vocabulary = (ObjectNode) tokenizer.at("/model/vocab");
        for (int id = 0; id < SPECIAL.size(); id++) {
            vocabulary.put(SPECIAL.get(id), id);
            tokenizer.withArray("added_tokens").addObject().put("id", id).put("content", SPECIAL.get(id))
                    .put("special", true);
        }
        for (char character = '!'; character <= '~'; character++) {
            vocabulary.put(String.valueOf(character), id(character));
        }
        return tokenizer;
    }

    private static byte[] weights() throws IOException {
        var shapes = new LinkedHashMap<String, int[]>();
        shapes.put("model.embed_tokens.weight", new int[] {VOCABULARY, HIDDEN});
        shapes.put("model.norm.weight", new int[] {HIDDEN});
        String layer = "model.layers.0.";
        for (String norm : List.of("input_layernorm", "post_attention_layernorm")) {
            shapes.put(layer + norm + ".weight", new int[] {HIDDEN});
        }
        for (String matrix : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
            shapes.put(layer + "self_attn." + matrix + ".weight", new int[] {HIDDEN, HIDDEN});
        }
        for (String matrix : List.of("gate_proj", "up_proj")) {
            shapes.put(layer + "mlp." + matrix + ".weight", new int[] {2 * HIDDEN, HIDDEN});
        }
        shapes.put(layer + "mlp.down_proj.weight", new int[] {HIDDEN, 2 * HIDDEN});
        var header = JSON.createObjectNode();
        int end = 0;
        for (var shape : shapes.entrySet()) {
            var tensor = header.putObject(shape.getKey()).put("dtype", "F32");
            int bytes = Float.BYTES;
            var lengths = tensor.putArray("shape");
            for (int length : shape.getValue()) {
                lengths.add(length);
                bytes *= length;
            }
            tensor.putArray("data_offsets").add(end).add(end + bytes);
            end += bytes;
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + end).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).array();
    }
}
